// The model's order of what was told of one purchase's hold, by docs/decisions/0015: a list of keys, compared one by one.

/** When the card learned of something: by the number of its event, and by its clock. */
export interface When {
  readonly number: number;
  /** Of what was approved in its place, when that was given. */
  readonly heard_ms: number;
  /** Our edge gave it, and the card learned of it later. */
  readonly byEdge: boolean;
}

export interface Fact extends When {
  /** `adds`: an approval. `says`: an advice's figure. `ends`: nothing is left. `lapses`: the same, by the card's own clock. `takes`. */
  readonly does: 'adds' | 'says' | 'ends' | 'lapses' | 'takes';
  readonly at_ms: number;
  /** The network's own number. */
  readonly order: number | null;
  /** Null: it began the purchase. 0: it stands by its stamp or number. Else it came after all that was told by then. */
  readonly turn: number | null;
  readonly minor: number;
  /** Of what adds and takes: by the network's account. */
  readonly told: number;
  /** The request that an approval answers. */
  readonly of: string | null;
  readonly why: string;
}

export interface Place {
  readonly at_ms: number;
  readonly order: number | null;
  readonly turn: number | null;
}

const dayMs = 86_400_000;
export const behindMs = 36 * 3_600_000;
const aheadMs = 5 * 60_000;
const steps = { adds: 0, says: 1, ends: 2, lapses: 2, takes: 3 };

/** A numbered fact is dated no earlier than any that is numbered lower. What began the purchase dates nothing. */
function dateOf(fact: Fact, facts: readonly Fact[]): number {
  if (fact.order === null) return fact.at_ms;
  let date = fact.at_ms;
  for (const { order, at_ms, turn } of facts)
    if (turn !== null && order !== null && order < fact.order && at_ms > date) date = at_ms;
  return date;
}

function keyOf(fact: Fact, facts: readonly Fact[], isNumbered: boolean): readonly number[] {
  const step = steps[fact.does];
  if (fact.turn === null) return [0, 0, 0, 0, step, fact.minor];
  const date = isNumbered ? dateOf(fact, facts) : fact.at_ms;
  return [1, date, fact.order ?? -1, fact.turn, step, fact.minor];
}

function compareKeys(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < one.length; index++) {
    const differs = (one[index] ?? 0) - (other[index] ?? 0);
    if (differs !== 0) return differs;
  }
  return 0;
}

export function inOrder(facts: readonly Fact[]): Fact[] {
  const isNumbered = facts.some(({ order, turn }) => order !== null && turn !== null);
  const keyed = facts.map((fact) => ({ fact, key: keyOf(fact, facts, isNumbered) }));
  keyed.sort((one, other) => compareKeys(one.key, other.key));
  return keyed.map(({ fact }) => fact);
}

/**
 * What a figure ended that is dated after it stays ended, whatever it may be joined with. Unless numbers may still move it; and unless
 * it began the purchase, and what was heard before it is dated as late.
 */
export function remembered(facts: readonly Fact[]): Fact[] {
  const ordered = inOrder(facts);
  const last = ordered.findLastIndex(({ does }) => does !== 'adds' && does !== 'takes');
  const figure = ordered[last];
  if (figure === undefined || facts.some(({ order, turn }) => order !== null && turn !== null)) return [...facts];
  const isLate = ({ at_ms }: Fact) => at_ms >= figure.at_ms;
  const kept = ordered.filter((fact, index) => {
    if (index >= last || isLate(fact)) return true;
    return fact.turn === null && facts.some((other) => isLate(other) && !isNewsTo(fact, other));
  });
  return facts.filter((fact) => kept.includes(fact));
}

/** The fact was there before the card learned of the other. */
function isNewsTo(fact: Fact, other: Fact): boolean {
  if (fact.byEdge || other.byEdge) return other.heard_ms > fact.heard_ms;
  return other.number > fact.number;
}

export function held(facts: readonly Fact[]): number {
  return heldOf(facts.length < 2 ? facts : inOrder(facts)).hold;
}

export function isHeldAlike(one: readonly Fact[], other: readonly Fact[]): boolean {
  const [before, after] = [heldOf(inOrder(one)), heldOf(inOrder(other))];
  return before.hold === after.hold && before.known === after.known;
}

function heldOf(ordered: readonly Fact[]): { hold: number; known: number } {
  let [hold, known] = [0, 0];
  for (const fact of ordered) {
    if (fact.does === 'says') [hold, known] = [fact.minor, fact.minor];
    else if (fact.does === 'ends' || fact.does === 'lapses') [hold, known] = [0, 0];
    else if (fact.does === 'adds') [hold, known] = [hold + fact.minor, known + fact.told];
    else [hold, known] = [Math.max(0, hold - fact.minor), Math.max(0, known - fact.told)];
    if (known === 0) hold = 0;
  }
  return { hold, known };
}

/** After everything told so far, and dated no later than that needs. */
export function lastPlace(told: readonly Fact[], nowMs: number, stampMs: number | null, order: number | null): Place {
  const facts = told.filter(({ turn }) => turn !== null);
  const dates = facts.map((fact) => dateOf(fact, facts));
  const numbers = [...facts.map((fact) => fact.order), order].filter((one) => one !== null);
  return {
    at_ms: Math.max(0, stampMs ?? nowMs - behindMs, ...dates),
    order: numbers.length === 0 ? null : Math.max(...numbers),
    turn: 1 + Math.max(0, ...facts.map(({ turn }) => turn ?? 0)),
  };
}

interface Stamped {
  readonly amount_minor?: number | null | undefined;
  readonly kind: string;
  readonly occurred_at_ms?: number | undefined;
  readonly order?: number | undefined;
}

/** Null: there is no stamp, or it says that it was later than it can be. */
function believed({ occurred_at_ms: stampMs }: Stamped, nowMs: number): number | null {
  if (stampMs === undefined || stampMs - nowMs > aheadMs) return null;
  return stampMs;
}

/** It takes more than was held at the end of its day: then it is of what was approved after midnight too. */
function isOfMore(facts: readonly Fact[], { kind, amount_minor }: Stamped, atMs: number): boolean {
  if (kind !== 'clearing' && kind !== 'reversal') return false;
  const end: Fact = {
    ...{ does: 'takes', at_ms: atMs, order: null, turn: 0, minor: Number.MAX_SAFE_INTEGER, told: 0 },
    ...{ number: 0, heard_ms: 0, byEdge: false, of: null, why: 'the end of a day' },
  };
  const ordered = inOrder([...facts, end]);
  const before = ordered.slice(0, ordered.indexOf(end));
  const isSaidLater = ordered.slice(before.length + 1).some(({ does }) => does !== 'adds' && does !== 'takes');
  const known = heldOf(before).known;
  return !isSaidLater && known > 0 && (amount_minor ?? 0) > known;
}

export function messagePlace(facts: readonly Fact[], message: Stamped, nowMs: number): Place {
  const order = message.order ?? null;
  const stampMs = believed(message, nowMs);
  if (stampMs === null) {
    const place = lastPlace(facts, nowMs, null, order);
    return order === null ? place : { at_ms: place.at_ms, order, turn: 0 };
  }
  let at_ms = stampMs;
  const lastOfDay = at_ms + dayMs - 1;
  if (at_ms % dayMs === 0 && message.kind !== 'advice') {
    const lastAnywhere = at_ms + behindMs - 1;
    at_ms = Math.max(at_ms, Math.min(nowMs, lastOfDay));
    if (order === null && isOfMore(facts, message, at_ms)) at_ms = Math.max(at_ms, Math.min(nowMs, lastAnywhere));
  }
  return { at_ms, order, turn: 0 };
}

/** The stamp that an approval has by itself. */
function ownStampMs(stamped: Stamped, nowMs: number): number | null {
  const stampMs = believed(stamped, nowMs);
  return stampMs === null || stampMs % dayMs === 0 ? null : stampMs;
}

export function approvalPlaceOf(facts: readonly Fact[], request: Stamped, nowMs: number): Place {
  return lastPlace(facts, nowMs, ownStampMs(request, nowMs), request.order ?? null);
}

export function beginningOf(request: Stamped, nowMs: number): Place {
  return { ...approvalPlaceOf([], request, nowMs), turn: null };
}
