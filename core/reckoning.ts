// A second reckoning of a card's money, for tests: slow, from scratch, off the log alone, and sharing no code with the rules.

import type { Merchant } from '../contracts/authorization-request.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { AppliesTo, LimitControl } from '../contracts/control.ts';
import type { Window } from '../contracts/window.ts';
import type { LoggedEvent } from './apply.ts';

/** One thing that happened to a hold, at an instant: `set` to a figure, or changed by one. */
export interface Item {
  readonly at_ms: number;
  readonly what: 'add' | 'take' | 'set';
  readonly minor: number;
  /** As the network was told; absent: the same. */
  readonly told?: number;
}

/** One life's money, read off its events alone. */
export interface Reckoned {
  readonly names: Set<string>;
  first_ms: number;
  merchant: Merchant | null;
  items: Item[];
  approved: number;
  advised: number;
  answeredInPlace: boolean;
  cleared: number;
  refunded: number;
}

/** What all of it comes to: in the order of time; at one instant additions first, and a figure last, the lowest of them. */
export function held(items: readonly Item[]): number {
  const rank = { add: 0, take: 1, set: 2 };
  const inOrder = [...items].sort(
    (one, other) => one.at_ms - other.at_ms || rank[one.what] - rank[other.what] || other.minor - one.minor,
  );
  let [hold, known] = [0, 0];
  for (const { what, minor, told = minor } of inOrder) {
    if (what === 'set') [hold, known] = [minor, minor];
    else if (what === 'add') [hold, known] = [hold + minor, known + told];
    else [hold, known] = [Math.max(0, hold - minor), Math.max(0, known - told)];
    if (known === 0) hold = 0;
  }
  return hold;
}

export function used({ approved, cleared, advised }: Reckoned): boolean {
  return approved > 0 || cleared > 0 || advised > 0;
}

export function reckon(log: readonly LoggedEvent[]): Reckoned[] {
  const lifes: Reckoned[] = [];
  for (const event of log) {
    const names = namesIn(event);
    if (names === null) continue;
    const [life, ...others] = names.flatMap((name) => lifes.find((one) => one.names.has(name)) ?? []);
    const found = life ?? born(event.at_ms);
    if (life === undefined) lifes.push(found);
    for (const other of new Set(others)) {
      if (other === found) continue;
      merge(found, other);
      lifes.splice(lifes.indexOf(other), 1);
    }
    for (const name of names) found.names.add(name);
    happen(found, event);
  }
  return lifes;
}

function born(first_ms: number): Reckoned {
  const names = new Set<string>();
  return {
    names,
    first_ms,
    merchant: null,
    items: [],
    approved: 0,
    advised: 0,
    answeredInPlace: false,
    cleared: 0,
    refunded: 0,
  };
}

/** The names by which an event knows its life; null for one that has none. */
function namesIn({ body }: LoggedEvent): string[] | null {
  const known = (named: string | null, alias: string | undefined) =>
    [named, alias].filter((name) => name !== null && name !== undefined);
  switch (body.kind) {
    case 'profile':
      return null;
    case 'authorization':
      return known(body.request.authorization_key, body.request.alias_key);
    case 'message':
      if (body.anomaly !== undefined) return null;
      return known(body.message.authorization_key ?? `message ${body.message.message_key}`, body.message.alias_key);
    case 'expiry':
    case 'void':
      return body.authorization_key === null ? null : [body.authorization_key];
  }
}

function merge(into: Reckoned, other: Reckoned): void {
  const earlierSays = into.first_ms <= other.first_ms ? into : other;
  const laterSays = earlierSays === into ? other : into;
  const asked = earlierSays.approved === 0 && laterSays.approved > 0 ? laterSays : earlierSays;
  into.merchant = asked.merchant ?? into.merchant ?? other.merchant;
  for (const name of other.names) into.names.add(name);
  into.first_ms = Math.min(into.first_ms, other.first_ms);
  into.items.push(...other.items);
  into.approved += other.approved;
  into.cleared += other.cleared;
  into.refunded += other.refunded;
  into.advised += other.advised;
  into.answeredInPlace ||= other.answeredInPlace;
}

function happen(life: Reckoned, { at_ms, body }: LoggedEvent): void {
  const times = life.items.map((item) => item.at_ms);
  const now = Math.max(at_ms, ...times);
  const said = (unsaid: number, occurred_at_ms?: number) =>
    occurred_at_ms === undefined ? unsaid : Math.min(occurred_at_ms, at_ms);
  const add = (item: Item) => {
    if (item.what === 'set' || item.minor > 0) life.items.push(item);
  };
  if (body.kind === 'void' && body.stood_in_at_ms !== undefined) {
    add({ at_ms: body.stood_in_at_ms, what: 'set', minor: 0 });
    life.advised -= body.voided_minor > 0 ? 1 : 0;
  } else if (body.kind === 'void') {
    const { voided_minor, approved_minor = voided_minor, approved_at_ms = now } = body;
    add({ at_ms: approved_at_ms, what: 'take', minor: voided_minor, told: approved_minor });
    life.approved -= body.voided_minor;
  } else if (body.kind === 'expiry') add({ at_ms: now, what: 'set', minor: 0 });
  else if (body.kind === 'message') tell(life, body.message, said(now, body.message.occurred_at_ms), add);
  else if (body.kind === 'authorization' && body.decision.outcome === 'approved') {
    const { request, decision } = body;
    const isFirst = !life.answeredInPlace && life.items.every(({ what }) => what !== 'add');
    const begins = isFirst && request.kind !== 'incremental';
    const unsaid = begins ? 0 : Math.max(at_ms, ...times.map((time) => time + 1));
    if (life.approved === 0 || life.merchant === null) life.merchant = request.merchant;
    add({
      at_ms: said(unsaid, request.occurred_at_ms),
      what: 'add',
      minor: decision.hold_minor,
      told: decision.approved_minor,
    });
    life.approved += decision.hold_minor;
  }
}

function tell(life: Reckoned, message: CardMessage, at_ms: number, add: (item: Item) => void): void {
  if ('merchant' in message) life.merchant ??= message.merchant;
  switch (message.kind) {
    case 'clearing':
      life.cleared += message.amount_minor;
      add({ at_ms, what: message.final ? 'set' : 'take', minor: message.final ? 0 : message.amount_minor });
      return;
    case 'reversal':
      add({ at_ms, what: message.amount_minor === null ? 'set' : 'take', minor: message.amount_minor ?? 0 });
      return;
    case 'expiry':
      add({ at_ms, what: 'set', minor: 0 });
      return;
    case 'advice':
      life.advised += message.hold_minor > 0 ? 1 : 0;
      life.answeredInPlace ||= message.hold_minor > 0 && message.request_key !== undefined;
      add({ at_ms, what: 'set', minor: message.hold_minor });
      return;
    case 'refund':
      life.refunded += message.amount_minor;
      return;
  }
}

/** What a limit has counted in the window that holds an instant. Of what limits look at it knows merchant categories alone. */
export function recount(
  lifes: readonly Reckoned[],
  { applies_to, window, refunds_give_back }: LimitControl,
  nowMs: number,
): { amount_minor: number; count: number } {
  const sum = { amount_minor: 0, count: 0 };
  for (const life of lifes) {
    if (!looksAt(applies_to, life) || !inWindow(window, life.first_ms, nowMs)) continue;
    sum.amount_minor += held(life.items) + life.cleared - (refunds_give_back ? life.refunded : 0);
    sum.count += used(life) ? 1 : 0;
  }
  return sum;
}

function looksAt({ category: { any_of, none_of } = {} }: AppliesTo, { merchant }: Reckoned): boolean {
  const category = merchant?.category ?? null;
  if (any_of !== undefined && !any_of.some((one) => one === category)) return false;
  return none_of === undefined || !none_of.some((one) => one === category);
}

function inWindow(window: Window, atMs: number, nowMs: number): boolean {
  if (window.per === 'transaction') return false;
  if (window.per === 'lifetime') return true;
  if (window.per === 'rolling') return atMs > nowMs - window.seconds * 1_000 && atMs <= nowMs;
  return firstDateOf(window, atMs) === firstDateOf(window, nowMs);
}

const dates = new Map<string, Intl.DateTimeFormat>();

/** The local date, by the platform's own calendar. */
export function dateIn(timeZone: string, atMs: number): string {
  const options = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const format = dates.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', options);
  dates.set(timeZone, format);
  return format.format(atMs);
}

/** The date on which a window starts: day by day back from the present, until one is its first. */
export function firstDateOf(window: Extract<Window, { time_zone: string }>, atMs: number): string {
  let date = new Date(`${dateIn(window.time_zone, atMs)}T00:00:00Z`);
  while (!isFirst(window, date)) date = new Date(date.getTime() - 86_400_000);
  return date.toISOString().slice(0, 10);
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function isFirst(window: Extract<Window, { time_zone: string }>, date: Date): boolean {
  const tomorrow = new Date(date.getTime() + 86_400_000);
  switch (window.per) {
    case 'day':
      return true;
    case 'week':
      return weekdays[date.getUTCDay()] === window.starts_on;
    case 'month':
      return (
        date.getUTCDate() === window.starts_on || (tomorrow.getUTCDate() === 1 && date.getUTCDate() < window.starts_on)
      );
    case 'year':
      return date.getUTCMonth() === 0 && date.getUTCDate() === 1;
  }
}
