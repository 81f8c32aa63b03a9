// Sums of what limits count, by window: plain stores. Which portions of an authorization count, and how much, is the counter's.

import type { Portion } from './portions.ts';
import { type CalendarWindow, type Span, spansOf } from './windows.ts';

export interface Counted {
  amount_minor: number;
  count: number;
}

export type Kept = readonly (readonly [startMs: number, amountMinor: number, count: number])[];

/** The two instants by which a portion finds its window. */
export type CountsAt = Pick<Portion, 'given_at_ms' | 'window_at_ms'>;

export interface WindowSums {
  add(at: CountsAt, counted: Readonly<Counted>): void;
  /** What is counted in the window of that instant; of a rolling one, in the time that ends now. */
  countedIn(windowAtMs: number, nowMs: number): Readonly<Counted>;
  /** Whether that has what counts at `at`. */
  isIn(at: CountsAt, windowAtMs: number, nowMs: number): boolean;
  /** Null: the whole life of the card. */
  spanAt(nowMs: number): Span | null;
}

const nothing: Readonly<Counted> = { amount_minor: 0, count: 0 };

function addTo(sum: Counted, { amount_minor, count }: Readonly<Counted>): void {
  sum.amount_minor += amount_minor;
  sum.count += count;
}

function takeFrom(sum: Counted, { amount_minor, count }: Readonly<Counted>): void {
  sum.amount_minor -= amount_minor;
  sum.count -= count;
}

/** By the start of the window that holds the instant. */
export class CalendarSums implements WindowSums {
  readonly #spanAt: (atMs: number) => Span;
  readonly #isLifetime: boolean;
  readonly #sums = new Map<number, Counted>();
  /** The window that was asked for last, and its sum: nearly always the one that is asked for next. */
  #lastSpan: Span = { start_ms: 0, end_ms: 0 };
  #lastSum: Readonly<Counted> = nothing;

  constructor(window: CalendarWindow) {
    this.#spanAt = spansOf(window);
    this.#isLifetime = window.per === 'lifetime';
  }

  add({ window_at_ms }: Pick<CountsAt, 'window_at_ms'>, counted: Readonly<Counted>): void {
    const { start_ms } = this.#spanAt(window_at_ms);
    const sum = this.#sums.get(start_ms);
    if (sum === undefined) {
      this.#sums.set(start_ms, { ...counted });
      this.#forgetLast();
    } else addTo(sum, counted);
  }

  countedIn(windowAtMs: number): Readonly<Counted> {
    const { start_ms, end_ms } = this.#lastSpan;
    if (windowAtMs >= start_ms && windowAtMs < end_ms) return this.#lastSum;
    const span = this.#spanAt(windowAtMs);
    const sum = this.#sums.get(span.start_ms) ?? nothing;
    // Where a zone has given a day twice, a window need not hold the instant that it was found by: that one is not kept.
    if (windowAtMs >= span.start_ms && windowAtMs < span.end_ms) [this.#lastSpan, this.#lastSum] = [span, sum];
    return sum;
  }

  /** A sum has begun or gone: the last answer may be another one now. */
  #forgetLast(): void {
    this.#lastSpan = { start_ms: 0, end_ms: 0 };
  }

  isIn({ window_at_ms }: CountsAt, windowAtMs: number): boolean {
    return this.#spanAt(window_at_ms).start_ms === this.#spanAt(windowAtMs).start_ms;
  }

  spanAt(nowMs: number): Span | null {
    return this.#isLifetime ? null : this.#spanAt(nowMs);
  }

  /** Drops windows that are over at that instant. */
  forgetBefore(atMs: number): void {
    const { start_ms } = this.#spanAt(atMs);
    for (const startMs of this.#sums.keys()) if (startMs < start_ms) this.#sums.delete(startMs);
    this.#forgetLast();
  }

  all(): Kept {
    return Array.from(this.#sums, ([startMs, { amount_minor, count }]) => [startMs, amount_minor, count] as const);
  }
}

interface Entry extends Counted {
  readonly at_ms: number;
}

/**
 * The time that ends now. What has left stays until its authorization is dropped, so that the window may be asked about any
 * instant in any order: an answer never depends on who looked before.
 */
export class RollingSums implements WindowSums {
  readonly lengthMs: number;
  readonly #entries = new Map<number, Entry>();
  /** The same entries in the order of their instants. */
  readonly #inOrder: Entry[] = [];
  /** The first of them that the sum has: those after `#afterMs`. */
  #first = 0;
  #afterMs = Number.NEGATIVE_INFINITY;
  readonly #sum: Counted = { amount_minor: 0, count: 0 };

  constructor(seconds: number) {
    this.lengthMs = seconds * 1_000;
  }

  add({ given_at_ms }: CountsAt, counted: Readonly<Counted>): void {
    const entry = this.#entries.get(given_at_ms) ?? this.#insert(given_at_ms);
    addTo(entry, counted);
    if (given_at_ms > this.#afterMs) addTo(this.#sum, counted);
    if (entry.amount_minor === 0 && entry.count === 0) this.#remove(entry);
  }

  countedIn(_windowAtMs: number, nowMs: number): Readonly<Counted> {
    this.#moveTo(nowMs);
    return this.#sum;
  }

  isIn({ given_at_ms }: CountsAt, _windowAtMs: number, nowMs: number): boolean {
    return given_at_ms > nowMs - this.lengthMs;
  }

  spanAt(nowMs: number): Span {
    this.#moveTo(nowMs);
    const oldest = this.#inOrder[this.#first];
    // Full room is back when the newest has left; something comes back when the oldest does.
    return { start_ms: nowMs - this.lengthMs, end_ms: (oldest?.at_ms ?? nowMs) + this.lengthMs };
  }

  #moveTo(nowMs: number): void {
    this.#afterMs = nowMs - this.lengthMs;
    for (let next = this.#inOrder[this.#first]; next !== undefined; next = this.#inOrder[this.#first]) {
      if (next.at_ms > this.#afterMs) break;
      takeFrom(this.#sum, next);
      this.#first++;
    }
    for (let last = this.#inOrder[this.#first - 1]; last !== undefined; last = this.#inOrder[this.#first - 1]) {
      if (last.at_ms <= this.#afterMs) break;
      addTo(this.#sum, last);
      this.#first--;
    }
  }

  /** Nearly always at the end. */
  #insert(atMs: number): Entry {
    const entry: Entry = { at_ms: atMs, amount_minor: 0, count: 0 };
    let place = this.#inOrder.length;
    while (place > 0 && (this.#inOrder[place - 1]?.at_ms ?? 0) > atMs) place--;
    this.#inOrder.splice(place, 0, entry);
    if (atMs <= this.#afterMs) this.#first++;
    this.#entries.set(atMs, entry);
    return entry;
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.at_ms);
    this.#inOrder.splice(this.#inOrder.indexOf(entry), 1);
    if (entry.at_ms <= this.#afterMs) this.#first--;
  }
}
