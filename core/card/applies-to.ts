// Whether a control looks at a use of the card. Compiled once a profile: what is left for each decision are comparisons.
// What is not known matches no any_of and every none_of. Names and ids of merchants are compared folded (contracts/fold.ts): a
// network pads them, writes them in capitals or in full width, and a blocked shop stays blocked.

import type { Merchant } from '../../contracts/authorization-request.ts';
import { type AppliesTo, daysOfWeek } from '../../contracts/control.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import { fold, foldPiece } from '../../contracts/fold.ts';
import { daysIn, minuteOfDay } from '../windows/windows.ts';
import type { Subject } from './subject.ts';

/** One attribute of a control. `atMs`: when the card is used. */
export type Matches = (subject: Subject, atMs: number) => boolean;

export interface Attribute {
  readonly matches: Matches;
  /** What a control says that declines by this attribute. */
  readonly reason: DeclineReason;
}

type Lists<T> = { readonly any_of?: readonly T[] | undefined; readonly none_of?: readonly T[] | undefined };

/** The attributes that a control names, in the precedence of their reasons; all of them must match. */
export function compileAppliesTo(applies_to: AppliesTo): readonly Attribute[] {
  const { time_zone = 'UTC' } = applies_to;
  const attributes: Attribute[] = [];
  const add = (reason: DeclineReason, matches: Matches) => attributes.push({ reason, matches });
  const { category, merchant, merchant_name, country, currency, channel, entry_mode, presence } = applies_to;
  if (currency)
    add(
      'currency_not_allowed',
      oneOf(currency, (subject) => subject.currency),
    );
  if (channel)
    add(
      'channel_not_allowed',
      oneOf(channel, (subject) => subject.channel),
    );
  if (entry_mode)
    add(
      'channel_not_allowed',
      oneOf(entry_mode, (subject) => subject.entry_mode),
    );
  if (presence) add('channel_not_allowed', oneOf(presence, presenceOf));
  if (country)
    add(
      'country_not_allowed',
      oneOf(country, ({ merchant: at }) => at?.country ?? null),
    );
  if (merchant) add('merchant_not_allowed', oneOf(foldedLists(merchant), idOf));
  if (merchant_name) add('merchant_not_allowed', nameMatches(merchant_name));
  if (category) add('category_not_allowed', categoryMatches(category));
  const { day_of_week, time_of_day, date, risk_score } = applies_to;
  if (day_of_week) add('time_not_allowed', weekdayMatches(day_of_week, time_zone));
  if (time_of_day) add('time_not_allowed', timeMatches(time_of_day, time_zone));
  if (date) add('time_not_allowed', dateMatches(date, time_zone));
  if (risk_score) add('risk_too_high', (subject) => (subject.risk_score ?? -1) >= risk_score.at_least);
  return attributes;
}

function foldedLists({ any_of, none_of }: Lists<string>): Lists<string> {
  return { any_of: any_of?.map(fold), none_of: none_of?.map(fold) };
}

/** A reader of a merchant's text, folded. It keeps the last one: every control of a decision asks for the same. */
function foldedReader(read: (merchant: Merchant) => string | null): (subject: Subject) => string | null {
  let last: Merchant | null = null;
  let folded: string | null = null;
  return ({ merchant }) => {
    if (merchant === null) return null;
    if (merchant !== last) {
      const text = read(merchant);
      last = merchant;
      folded = text === null ? null : fold(text);
    }
    return folded;
  };
}

const idOf = foldedReader(({ id }) => id);
const nameOf = foldedReader(({ name }) => name);

function presenceOf({ card_present }: Subject) {
  if (card_present === null) return null;
  return card_present ? 'present' : 'not_present';
}

/** Any of the values and none of the others, for a value that is equal or not. */
function oneOf<T extends string>(lists: Lists<T>, read: (subject: Subject) => string | null): Matches {
  const any = lists.any_of && new Set<string>(lists.any_of);
  const none = lists.none_of && new Set<string>(lists.none_of);
  return (subject) => {
    const value = read(subject);
    if (value === null) return any === undefined;
    return (any === undefined || any.has(value)) && !none?.has(value);
  };
}

/** The same for a value that has to be looked for. `value` null: not known. */
function within<V>(lists: Lists<unknown>, any: (value: V) => boolean, none: (value: V) => boolean) {
  return (value: V | null): boolean => {
    if (value === null) return lists.any_of === undefined;
    return (lists.any_of === undefined || any(value)) && !(lists.none_of !== undefined && none(value));
  };
}

function categoryMatches(lists: Lists<string>): Matches {
  const inLists = within<string>(lists, categoriesIn(lists.any_of), categoriesIn(lists.none_of));
  return ({ merchant }) => inLists(merchant?.category ?? null);
}

/** Codes by their set, ranges one by one: four digits compare as text. */
export function categoriesIn(patterns: readonly string[] = []): (category: string) => boolean {
  const codes = new Set(patterns.filter((pattern) => pattern.length === 4));
  const ranges = patterns.filter((pattern) => pattern.length > 4).map((text) => [text.slice(0, 4), text.slice(5)]);
  if (ranges.length === 0) return (category) => codes.has(category);
  return (category) => codes.has(category) || ranges.some(([from = '', to = '']) => from <= category && category <= to);
}

function nameMatches(lists: Lists<string>): Matches {
  const inLists = within<string>(lists, anyPattern(lists.any_of), anyPattern(lists.none_of));
  return (subject) => inLists(nameOf(subject));
}

function anyPattern(patterns: readonly string[] = []): (name: string) => boolean {
  const compiled = patterns.map(compilePattern);
  return (name) => compiled.some((matches) => matches(name));
}

/**
 * Text with * for any characters; the name comes folded. Each piece is looked for once, behind the one before it: nothing is
 * tried again.
 */
export function compilePattern(pattern: string): (foldedName: string) => boolean {
  // Split before it is folded: a full-width ＊ is a letter of a name.
  const pieces = pattern.split('*').map(foldPiece);
  const first = pieces[0]?.trimStart() ?? '';
  const last = pieces.at(-1)?.trimEnd() ?? '';
  if (pieces.length === 1) return (name) => name === first.trimEnd();
  const between = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (name) => {
    if (!name.startsWith(first)) return false;
    let at = first.length;
    for (const piece of between) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  };
}

function weekdayMatches(lists: Lists<(typeof daysOfWeek)[number]>, timeZone: string): Matches {
  const dayAt = daysIn(timeZone);
  const matching = daysOfWeek.map(
    (day) => (lists.any_of === undefined || lists.any_of.includes(day)) && !lists.none_of?.includes(day),
  );
  return (_, atMs) => matching[dayAt(atMs).weekday] === true;
}

function timeMatches(lists: Lists<{ from: string; until: string }>, timeZone: string): Matches {
  const dayAt = daysIn(timeZone);
  const inLists = within<number>(lists, anyTime(lists.any_of), anyTime(lists.none_of));
  return (_, atMs) => inLists(minuteOfDay(atMs, dayAt(atMs), timeZone));
}

function anyTime(ranges: readonly { from: string; until: string }[] = []): (minute: number) => boolean {
  const inMinutes = ranges.map(({ from, until }) => [minutes(from), minutes(until)] as const);
  return (minute) =>
    inMinutes.some(([from, until]) =>
      from < until ? from <= minute && minute < until : from <= minute || minute < until,
    );
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

type DateRange = { from?: string | undefined; until?: string | undefined };

function dateMatches(lists: Lists<DateRange>, timeZone: string): Matches {
  const dayAt = daysIn(timeZone);
  const inLists = within<string>(lists, anyDate(lists.any_of), anyDate(lists.none_of));
  return (_, atMs) => inLists(dayAt(atMs).date);
}

function anyDate(ranges: readonly DateRange[] = []): (date: string) => boolean {
  return (date) => ranges.some(({ from = '', until = '9999-12-31' }) => from <= date && date <= until);
}
