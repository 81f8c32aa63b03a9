// The model's own reading of "applies to": every attribute that a control names must match, each asked in plain words.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { AppliesTo } from '../../contracts/control.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import { localTime, minuteOfDay, weekdayOf, weekdays } from './local-calendar.ts';

/** Where and how a card was used: a request says it, a message says where at most. */
export interface Use {
  readonly request: AuthorizationRequest | null;
  readonly merchant: Merchant | null;
}

type Lists<T> = { any_of?: readonly T[] | undefined; none_of?: readonly T[] | undefined };

/** In the precedence of the reasons: what each attribute says where it does not match. */
const order = [
  ['currency', 'currency_not_allowed'],
  ['channel', 'channel_not_allowed'],
  ['entry_mode', 'channel_not_allowed'],
  ['presence', 'channel_not_allowed'],
  ['country', 'country_not_allowed'],
  ['merchant', 'merchant_not_allowed'],
  ['merchant_name', 'merchant_not_allowed'],
  ['category', 'category_not_allowed'],
  ['day_of_week', 'time_not_allowed'],
  ['time_of_day', 'time_not_allowed'],
  ['date', 'time_not_allowed'],
  ['risk_score', 'risk_too_high'],
] as const satisfies readonly (readonly [keyof AppliesTo, DeclineReason])[];

/** What a control names, of the attributes above: asked so often that it is written down once. */
const namedBy = new WeakMap<AppliesTo, (typeof order)[number][]>();

function named(applies: AppliesTo): (typeof order)[number][] {
  let list = namedBy.get(applies);
  if (list === undefined) {
    list = order.filter(([attribute]) => applies[attribute] !== undefined);
    namedBy.set(applies, list);
  }
  return list;
}

/** Null: the control looks at this use. Otherwise the reason of the first attribute that does not match. */
export function firstMismatch(applies: AppliesTo, use: Use, atMs: number): DeclineReason | null {
  for (const [attribute, reason] of named(applies)) if (!attributeMatches(attribute, applies, use, atMs)) return reason;
  return null;
}

/** The earliest reason among the attributes that a control names. */
export function firstReason(applies: AppliesTo): DeclineReason {
  const [first] = named(applies);
  if (first === undefined) throw new Error('a control that blocks must name something');
  return first[1];
}

function attributeMatches(
  attribute: (typeof order)[number][0],
  applies: AppliesTo,
  { request, merchant }: Use,
  atMs: number,
): boolean {
  const zone = applies.time_zone ?? 'UTC';
  const equal = (one: string, other: string) => one === other;
  switch (attribute) {
    case 'currency':
      return asked(applies.currency, request === null ? null : (request.merchant_currency ?? request.currency), equal);
    case 'channel':
      return asked(applies.channel, request?.channel ?? null, equal);
    case 'entry_mode':
      return asked(applies.entry_mode, request?.entry_mode ?? null, equal);
    case 'presence': {
      const present = request?.card_present ?? null;
      return asked(applies.presence, present === null ? null : present ? 'present' : 'not_present', equal);
    }
    case 'country':
      return asked(applies.country, merchant?.country ?? null, equal);
    case 'merchant':
      return asked(applies.merchant, merchant?.id ?? null, equal);
    case 'merchant_name':
      return asked(applies.merchant_name, merchant?.name ?? null, matchesPattern);
    case 'category':
      return asked(applies.category, merchant?.category ?? null, isInCategory);
    case 'day_of_week':
      return asked(applies.day_of_week, weekdays[weekdayOf(localTime(zone, atMs))] ?? null, equal);
    case 'time_of_day':
      return asked(applies.time_of_day, minuteOfDay(zone, atMs), isInRange);
    case 'date':
      return asked(applies.date, localTime(zone, atMs).date, isInDates);
    case 'risk_score':
      return (request?.risk_score ?? -1) >= (applies.risk_score?.at_least ?? 0);
  }
}

function asked<T, V>(lists: Lists<T> | undefined, value: V | null, matches: (one: T, value: V) => boolean): boolean {
  if (lists === undefined) return true;
  if (value === null) return lists.any_of === undefined;
  if (lists.none_of?.some((one) => matches(one, value))) return false;
  return lists.any_of === undefined || lists.any_of.some((one) => matches(one, value));
}

const patterns = new Map<string, RegExp>();

function matchesPattern(pattern: string, name: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    const pieces = pattern.split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    expression = new RegExp(`^${pieces.join('.*')}$`, 'is');
    patterns.set(pattern, expression);
  }
  return expression.test(name);
}

function isInCategory(pattern: string, category: string): boolean {
  const [from = '', until = from] = pattern.split('-');
  return Number(from) <= Number(category) && Number(category) <= Number(until);
}

function isInRange({ from, until }: { from: string; until: string }, minute: number): boolean {
  const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return from < until ? from <= time && time < until : time >= from || time < until;
}

function isInDates({ from, until }: { from?: string | undefined; until?: string | undefined }, date: string): boolean {
  return !(from !== undefined && date < from) && !(until !== undefined && date > until);
}
