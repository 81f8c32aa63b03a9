// The order of what changes one authorization's hold, and what it comes to. The one rule for order; why it is so:
// docs/decisions/0015-one-rule-for-order.md.

import type { Place } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { type Heard, wasHeardBy } from './hearing.ts';

export type { Place } from '../../contracts/card-event.ts';

/**
 * `adds`: an approval. `sets`: an advice, the network's own figure. `ends`: a final clearing, a full reversal, the network's
 * expiry. `lapses`: the card's own expiry. `takes`: a clearing in part, a reversal in part.
 *
 * Its place: `at_ms`, the network's stamp; `order`, the network's own number; `nth`: −1 for the approval that began the
 * authorization, which comes before everything whatever its stamp; 0 for what stands by its own stamp or number; from 1 on for
 * what comes after all that the card had heard by then, counted up.
 */
export interface HoldChange extends Place, Heard {
  readonly does: 'adds' | 'sets' | 'ends' | 'lapses' | 'takes';
  readonly minor: number;
  /** Of `adds` and `takes`: the same by the network's account, where our controls hold more. 120 held, 100 known to it. */
  readonly network_minor?: number;
}

export interface Hold {
  readonly hold_minor: number;
  /** The part of it that the network knows of: without what our controls hold in addition. */
  readonly network_minor: number;
}

/** At one place: an advice before what ends or takes, so that a clearing of an advice's second still clears it. */
const rank = { adds: 0, sets: 1, ends: 2, lapses: 2, takes: 3 } as const;

/** The approval that began the authorization comes before everything: its stamp orders it only when two authorizations are joined. */
export function isBeginning({ nth }: Place): boolean {
  return nth === -1;
}

/** After a figure it does not matter what was held before. */
function isFigure({ does }: HoldChange): boolean {
  return does === 'sets' || does === 'ends' || does === 'lapses';
}

/**
 * Everything of one authorization in its order. What has a number comes after all that is numbered lower: where stamps say
 * otherwise, it is dated like the latest of those. Of two advices at one place the higher comes last, and holds.
 */
export function inOrder(changes: readonly HoldChange[]): HoldChange[] {
  const dated = datesOf(changes);
  return [...changes].sort((one, other) => compare(one, dated(one), other, dated(other)));
}

function compare(one: HoldChange, oneAtMs: number, other: HoldChange, otherAtMs: number): number {
  if (isBeginning(one) !== isBeginning(other)) return isBeginning(one) ? -1 : 1;
  return (
    oneAtMs - otherAtMs ||
    (one.order ?? -1) - (other.order ?? -1) ||
    one.nth - other.nth ||
    rank[one.does] - rank[other.does] ||
    one.minor - other.minor
  );
}

/** The instant by which each stands: its stamp, or that of the latest with a lower number. */
function datesOf(changes: readonly HoldChange[]): (change: HoldChange) => number {
  if (!isNumbered(changes)) return ({ at_ms }) => at_ms;
  const dates = new Map<HoldChange, number>();
  const numbered = changes.filter(hasNumber);
  numbered.sort((one, other) => (one.order ?? 0) - (other.order ?? 0) || one.at_ms - other.at_ms);
  let latestMs = 0;
  for (const change of numbered) {
    latestMs = Math.max(latestMs, change.at_ms);
    dates.set(change, latestMs);
  }
  return (change) => dates.get(change) ?? change.at_ms;
}

function isNumbered(changes: readonly HoldChange[]): boolean {
  return changes.some(hasNumber);
}

function hasNumber(change: HoldChange): boolean {
  return change.order !== undefined && !isBeginning(change);
}

function holdAfter({ hold_minor, network_minor }: Hold, change: HoldChange): Hold {
  const { does, minor } = change;
  if (does === 'sets') return { hold_minor: minor, network_minor: minor };
  if (does === 'ends' || does === 'lapses') return { hold_minor: 0, network_minor: 0 };
  const known = change.network_minor ?? minor;
  if (does === 'adds') return { hold_minor: hold_minor + minor, network_minor: network_minor + known };
  // Once the network's part of the hold is 0, our extra hold (tips, fuel) is released too.
  const left = Math.max(0, network_minor - known);
  return { hold_minor: left === 0 ? 0 : Math.max(0, hold_minor - minor), network_minor: left };
}

const nothing: Hold = { hold_minor: 0, network_minor: 0 };

export function holdOf(changes: readonly HoldChange[]): Hold {
  return changes.reduce(holdAfter, nothing);
}

export type Held = Hold & { readonly changes: readonly HoldChange[] };

/** With one change more, wherever it stands. Every change of a hold goes through here or `merged`. */
export function withChange(held: Held, change: HoldChange): Held {
  const { changes } = held;
  const last = changes.at(-1);
  const isLast = last === undefined || compare(last, last.at_ms, change, change.at_ms) <= 0;
  if (!isLast || hasNumber(change) || isNumbered(changes)) return merged([...changes, change]);
  const before = isFigure(change) ? changes.filter((one) => mayComeAfter(one, change, changes)) : changes;
  const { hold_minor, network_minor } = holdAfter(held, change);
  // Not spread: that leaves room for 16 more, 130 bytes for as long as the card remembers the authorization.
  return { changes: before.concat(change), hold_minor, network_minor };
}

/**
 * What stands before the last figure is left out, because nothing can come of it any more. Not where numbers are given: a
 * message that arrives later may put what is numbered into another place.
 */
export function merged(changes: readonly HoldChange[]): Held {
  const ordered = inOrder(changes);
  const hold = holdOf(ordered);
  const last = ordered.findLastIndex(isFigure);
  const figure = ordered[last];
  if (figure === undefined || isNumbered(ordered)) return { changes: ordered, ...hold };
  return { changes: ordered.filter((one, place) => place >= last || mayComeAfter(one, figure, ordered)), ...hold };
}

/**
 * Something that stands before a figure may stand after it once two authorizations are joined: what is not stamped before it; and a
 * beginning that turns out to be a later approval, after what the card had heard by then. Example: a clearing, then the approval that
 * it cleared; joined with an older authorization, the approval comes after the clearing.
 */
function mayComeAfter(one: HoldChange, figure: HoldChange, changes: readonly HoldChange[]): boolean {
  if (one.at_ms >= figure.at_ms) return true;
  if (!isBeginning(one)) return false;
  const isHeardBefore = (change: HoldChange) => change.at_ms >= figure.at_ms && wasHeardBy(change, one);
  return isHeardBefore(figure) || changes.some(isHeardBefore);
}

/**
 * After all that has been heard. For what the card does itself, and for what the network gives no place to: dated as early as
 * that allows, so that a later message is not behind it because the network's clock runs behind ours.
 */
export function afterAllHeard(changes: readonly HoldChange[], earliestMs: number, order?: number): Place {
  const dated = datesOf(changes);
  let [at_ms, nth, number] = [Math.max(0, earliestMs), 0, order ?? -1];
  for (const change of changes) {
    if (isBeginning(change)) continue;
    at_ms = Math.max(at_ms, dated(change));
    nth = Math.max(nth, change.nth);
    number = Math.max(number, change.order ?? -1);
  }
  return number === -1 ? { at_ms, nth: nth + 1 } : { at_ms, order: number, nth: nth + 1 };
}

const dayMs = 86_400_000;

/** A stamp of which only the date is known: 00:00 UTC. */
function isDateOnly(stampMs: number): boolean {
  return stampMs % dayMs === 0;
}

/**
 * A stamp far ahead of our clock is none: one of the two clocks is wrong. Example: at 10:00 by our clock a reversal is stamped 10:00 of
 * next week. It comes after what was heard by then, as if it had no stamp.
 */
function believedStamp({ occurred_at_ms: stampMs }: Stamped, nowMs: number): number | undefined {
  return stampMs !== undefined && stampMs > nowMs + limits.stampAheadMsMax ? undefined : stampMs;
}

export function placeOf(changes: readonly HoldChange[], message: CardMessage, nowMs: number): Place {
  const { kind, order } = message;
  const stampMs = believedStamp(message, nowMs);
  if (stampMs === undefined) {
    const after = afterAllHeard(changes, nowMs - limits.stampBehindMsMax, order);
    return order === undefined ? after : { at_ms: after.at_ms, order, nth: 0 };
  }
  const at_ms = isDateOnly(stampMs) && kind !== 'advice' ? dateOf(changes, message, stampMs, nowMs) : stampMs;
  return order === undefined ? { at_ms, nth: 0 } : { at_ms, order, nth: 0 };
}

/**
 * A date says which day: a clearing of it comes after an advice of it, and is no later than it was heard. The day may be a local one,
 * that ends up to 12 hours after UTC's. It ends then where the amount says so: 10 approved on the day, 5 more at 02:00 UTC of the next,
 * a clearing of 15 of the day is of both; one of 10 leaves the 5 held.
 */
function dateOf(changes: readonly HoldChange[], message: CardMessage, stampMs: number, nowMs: number): number {
  const endMs = Math.max(stampMs, Math.min(stampMs + dayMs - 1, nowMs));
  const amount = message.kind === 'clearing' || message.kind === 'reversal' ? message.amount_minor : null;
  if (amount === null || message.order !== undefined) return endMs;
  const known = knownBefore(changes, endMs);
  return known > 0 && amount > known ? Math.max(endMs, Math.min(stampMs + limits.stampBehindMsMax - 1, nowMs)) : endMs;
}

/** What the network knew to be held at an instant; 0 where a figure stands after it, which says what is held by itself. */
function knownBefore(changes: readonly HoldChange[], at_ms: number): number {
  const instant: HoldChange = { at_ms, nth: 0, does: 'takes', minor: Number.MAX_SAFE_INTEGER, heard: 0, heard_ms: 0 };
  const ordered = inOrder([...changes, instant]);
  const place = ordered.indexOf(instant);
  return ordered.slice(place).some(isFigure) ? 0 : holdOf(ordered.slice(0, place)).network_minor;
}

type Stamped = Pick<CardMessage, 'occurred_at_ms' | 'order'>;

/** The earliest instant of an approval: the network's stamp; where it gives none, an unbelievable one, or a date alone, as early as its clock may be behind ours. */
function approvalAtMs(stamped: Stamped, nowMs: number): number {
  const stampMs = believedStamp(stamped, nowMs);
  const isTimed = stampMs !== undefined && !isDateOnly(stampMs);
  return isTimed ? stampMs : Math.max(0, nowMs - limits.stampBehindMsMax);
}

/** Where an approval stands that did not begin the authorization: after all that the card had heard when it gave it. */
export function approvalPlace(changes: readonly HoldChange[], stamped: Stamped, nowMs: number): Place {
  return afterAllHeard(changes, approvalAtMs(stamped, nowMs), stamped.order);
}

/** Where the approval stands that began the authorization. It keeps its stamp: it may turn out to be a later one of another authorization. */
export function beginningPlace(stamped: Stamped, nowMs: number): Place {
  const { order } = stamped;
  return { at_ms: approvalAtMs(stamped, nowMs), ...(order === undefined ? {} : { order }), nth: -1 };
}
