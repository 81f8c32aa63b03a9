// What a limit has counted: amounts and uses by window. A cache of a sum over the card's authorizations; controls that count
// the same share one counter, so that a changed amount or name of a limit forgets nothing.

import type { LimitControl } from '../contracts/control.ts';
import { type Attribute, compileAppliesTo } from './applies-to.ts';
import { type Authorization, isUse } from './authorization.ts';
import { unknown } from './subject.ts';
import { type CalendarWindow, type Span, spansOf } from './windows.ts';

export interface Counted {
  amount_minor: number;
  count: number;
}

/** The life that a request adds to. */
export interface KnownLife {
  /** As it will count. */
  readonly life: Authorization;
  /** What it comes from, as that still counts: itself, unless two names are joined or the request says more of its use. */
  readonly parts: readonly Authorization[];
}

export type Kept = readonly (readonly [startMs: number, amountMinor: number, count: number])[];

const nothing: Readonly<Counted> = { amount_minor: 0, count: 0 };

/** What makes two limits count alike. */
export function counterKey({ applies_to, window, refunds_give_back }: LimitControl): string {
  return JSON.stringify([applies_to, window, refunds_give_back]);
}

/** What of a life a limit counts: reserved, or spent. */
export function amountIn(
  { hold_minor, cleared_minor, refunded_minor }: Authorization,
  refundsGiveBack: boolean,
): number {
  return hold_minor + cleared_minor - (refundsGiveBack ? refunded_minor : 0);
}

export abstract class Counter {
  readonly #attributes: readonly Attribute[];
  readonly #refundsGiveBack: boolean;

  constructor({ applies_to, refunds_give_back }: LimitControl) {
    this.#attributes = compileAppliesTo(applies_to);
    this.#refundsGiveBack = refunds_give_back;
  }

  /** What is counted in the window of a life that began at `atMs`. */
  protected abstract countedAt(atMs: number, nowMs: number): Readonly<Counted>;
  /** Whether what a life of `partMs` adds is in that. */
  protected abstract isIn(partMs: number, atMs: number, nowMs: number): boolean;
  /** Null: the whole life of the card. */
  abstract spanAt(nowMs: number): Span | null;
  protected abstract add(atMs: number, key: string, change: Counted): void;
  /** A life is dropped from memory, and what it counted stays where it may still be asked for. */
  abstract drop(key: string, life: Authorization): void;
  /** Forgets windows that are over for every life from `oldestMs` on. */
  abstract forget(oldestMs: number): void;
  /** What came from lives that are no longer in memory, by the start of its window. */
  abstract kept(): Kept;
  abstract restore(kept: Kept): void;
  /** Whether a life of that time may still count. */
  abstract needs(atMs: number, nowMs: number): boolean;

  /**
   * What counts for a use of the card now, as part of a life where there is one already: an increment counts where that does.
   * With all of that life: two that turn out to be one will count in the older one's window, and one that has left a rolling
   * window is judged as if it were still in it, because it must not grow without bound.
   */
  countedFor(known: KnownLife | null, nowMs: number): Readonly<Counted> {
    if (known === null) return this.countedAt(nowMs, nowMs);
    const { life, parts } = known;
    const counted = this.countedAt(life.at_ms, nowMs);
    if (parts[0] === life && this.isIn(life.at_ms, life.at_ms, nowMs)) return counted;
    const sum = { ...counted };
    for (const part of parts) if (this.isIn(part.at_ms, life.at_ms, nowMs)) takeFrom(sum, this.contributionOf(part));
    sumTo(sum, this.contributionOf(life));
    return sum;
  }

  /** What one authorization adds to this counter. */
  contributionOf(authorization: Authorization): Readonly<Counted> {
    const { at_ms } = authorization;
    const amount_minor = amountIn(authorization, this.#refundsGiveBack);
    const count = isUse(authorization) ? 1 : 0;
    // A life that has only begun, or was declined, adds nothing wherever it is: most of those that are asked about.
    if (amount_minor === 0 && count === 0) return nothing;
    const subject = authorization.subject ?? unknown;
    for (const attribute of this.#attributes) if (!attribute.matches(subject, at_ms)) return nothing;
    return { amount_minor, count };
  }

  change(key: string, before: Authorization, after: Authorization): void {
    const was = this.contributionOf(before);
    const is = this.contributionOf(after);
    if (before.at_ms === after.at_ms)
      this.#add(after.at_ms, key, is.amount_minor - was.amount_minor, is.count - was.count);
    else {
      this.#add(before.at_ms, key, -was.amount_minor, -was.count);
      this.#add(after.at_ms, key, is.amount_minor, is.count);
    }
  }

  #add(atMs: number, key: string, amount_minor: number, count: number): void {
    if (amount_minor !== 0 || count !== 0) this.add(atMs, key, { amount_minor, count });
  }
}

/** By the start of the window that holds the authorization's instant. */
class CalendarCounter extends Counter {
  readonly #spanAt: (atMs: number) => Span;
  readonly #windows = new Map<number, Counted>();
  readonly #kept = new Map<number, Counted>();
  readonly #isLifetime: boolean;

  constructor(control: LimitControl, window: CalendarWindow) {
    super(control);
    this.#spanAt = spansOf(window);
    this.#isLifetime = window.per === 'lifetime';
  }

  protected countedAt(atMs: number): Readonly<Counted> {
    return this.#windows.get(this.#spanAt(atMs).start_ms) ?? nothing;
  }

  protected isIn(partMs: number, atMs: number): boolean {
    return this.#spanAt(partMs).start_ms === this.#spanAt(atMs).start_ms;
  }

  spanAt(nowMs: number): Span | null {
    return this.#isLifetime ? null : this.#spanAt(nowMs);
  }

  protected add(atMs: number, _key: string, change: Counted): void {
    sumUp(this.#windows, this.#spanAt(atMs).start_ms, change);
  }

  drop(_key: string, life: Authorization): void {
    sumUp(this.#kept, this.#spanAt(life.at_ms).start_ms, this.contributionOf(life));
  }

  forget(oldestMs: number): void {
    const { start_ms } = this.#spanAt(oldestMs);
    for (const windows of [this.#windows, this.#kept])
      for (const startMs of windows.keys()) if (startMs < start_ms) windows.delete(startMs);
  }

  kept(): Kept {
    return Array.from(this.#kept, ([startMs, { amount_minor, count }]) => [startMs, amount_minor, count] as const);
  }

  restore(kept: Kept): void {
    for (const [startMs, amount_minor, count] of kept) {
      sumUp(this.#windows, startMs, { amount_minor, count });
      sumUp(this.#kept, startMs, { amount_minor, count });
    }
  }

  needs(): boolean {
    return false;
  }
}

function sumUp(sums: Map<number, Counted>, startMs: number, { amount_minor, count }: Counted): void {
  const sum = sums.get(startMs);
  if (sum === undefined) sums.set(startMs, { amount_minor, count });
  else sumTo(sum, { amount_minor, count });
}

function sumTo(sum: Counted, { amount_minor, count }: Counted): void {
  sum.amount_minor += amount_minor;
  sum.count += count;
}

function takeFrom(sum: Counted, { amount_minor, count }: Counted): void {
  sum.amount_minor -= amount_minor;
  sum.count -= count;
}

interface Entry extends Counted {
  readonly at_ms: number;
}

/**
 * The time that ends now. What has left stays in its place until its life is dropped, so that the window may be asked about
 * any instant in any order: an answer never depends on who looked before.
 */
class RollingCounter extends Counter {
  readonly #lengthMs: number;
  readonly #entries = new Map<string, Entry>();
  /** The same entries by their instants. */
  readonly #inOrder: Entry[] = [];
  /** The first of them that the sum has: those after `#afterMs`. */
  #first = 0;
  #afterMs = Number.NEGATIVE_INFINITY;
  readonly #sum: Counted = { amount_minor: 0, count: 0 };

  constructor(control: LimitControl, seconds: number) {
    super(control);
    this.#lengthMs = seconds * 1_000;
  }

  protected countedAt(_atMs: number, nowMs: number): Readonly<Counted> {
    this.#moveTo(nowMs);
    return this.#sum;
  }

  protected isIn(partMs: number, _atMs: number, nowMs: number): boolean {
    return this.needs(partMs, nowMs);
  }

  spanAt(nowMs: number): Span {
    this.#moveTo(nowMs);
    const oldest = this.#inOrder[this.#first];
    // Full room is back when the newest has left; something comes back when the oldest does.
    return { start_ms: nowMs - this.#lengthMs, end_ms: (oldest?.at_ms ?? nowMs) + this.#lengthMs };
  }

  protected add(atMs: number, key: string, change: Counted): void {
    const entry = this.#entries.get(key) ?? this.#insert(atMs, key);
    sumTo(entry, change);
    if (entry.at_ms > this.#afterMs) sumTo(this.#sum, change);
    if (entry.amount_minor === 0 && entry.count === 0) this.#remove(key, entry);
  }

  drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#remove(key, entry);
  }

  forget(): void {}

  kept(): Kept {
    return [];
  }

  restore(): void {}

  needs(atMs: number, nowMs: number): boolean {
    return atMs > nowMs - this.#lengthMs;
  }

  #moveTo(nowMs: number): void {
    this.#afterMs = nowMs - this.#lengthMs;
    for (let next = this.#inOrder[this.#first]; next !== undefined; next = this.#inOrder[this.#first]) {
      if (next.at_ms > this.#afterMs) break;
      takeFrom(this.#sum, next);
      this.#first++;
    }
    for (let last = this.#inOrder[this.#first - 1]; last !== undefined; last = this.#inOrder[this.#first - 1]) {
      if (last.at_ms <= this.#afterMs) break;
      sumTo(this.#sum, last);
      this.#first--;
    }
  }

  /** Nearly always at the end: earlier only for a life that begins to count late, as a decline that was forced through. */
  #insert(atMs: number, key: string): Entry {
    const entry: Entry = { at_ms: atMs, amount_minor: 0, count: 0 };
    let place = this.#inOrder.length;
    while (place > 0 && (this.#inOrder[place - 1]?.at_ms ?? 0) > atMs) place--;
    this.#inOrder.splice(place, 0, entry);
    if (atMs <= this.#afterMs) this.#first++;
    this.#entries.set(key, entry);
    return entry;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#inOrder.splice(this.#inOrder.indexOf(entry), 1);
    if (entry.at_ms <= this.#afterMs) this.#first--;
    else takeFrom(this.#sum, entry);
  }
}

/** Null for a window of one transaction: that is the life which a request adds to, and no other. */
export function newCounter(control: LimitControl): Counter | null {
  const { window } = control;
  if (window.per === 'transaction') return null;
  if (window.per === 'rolling') return new RollingCounter(control, window.seconds);
  return new CalendarCounter(control, window);
}
