// What a limit has counted: amounts and uses by window. A cache of a sum over the card's authorizations; controls that count
// the same share one counter, so that a changed amount or name of a limit forgets nothing.

import type { Control, LimitControl } from '../../contracts/control.ts';
import { usePortion } from '../windows/portions.ts';
import { CalendarSums, type Counted, type CountsAt, type Kept, RollingSums } from '../windows/window-sums.ts';
import type { Span } from '../windows/windows.ts';
import { type Attribute, compileAppliesTo } from './applies-to.ts';
import { type Authorization, isUse } from './authorization.ts';
import { unknown } from './subject.ts';

/** The authorization that a request adds to. */
export interface KnownAuthorization {
  /** As it will count. */
  readonly authorization: Authorization;
  /** What it comes from, as that still counts: itself, unless two names are joined or the request says more of its use. */
  readonly parts: readonly Authorization[];
}

/** What makes two limits count alike. */
export function counterKey({ applies_to, window, refunds_give_back }: LimitControl): string {
  return JSON.stringify([applies_to, window, refunds_give_back]);
}

/**
 * What of an authorization a limit counts, wherever: reserved, or spent. A refund gives back what is counted and no more: 500
 * for a purchase of 90 leaves 0, and a refund of an unknown purchase nothing.
 */
export function amountIn(
  { hold_minor, cleared_minor, refunded_minor }: Authorization,
  refundsGiveBack: boolean,
): number {
  const spent = hold_minor + cleared_minor;
  return refundsGiveBack ? Math.max(0, spent - refunded_minor) : spent;
}

type Count = (at: CountsAt, counted: Readonly<Counted>) => void;

export class Counter {
  readonly #attributes: readonly Attribute[];
  readonly #refundsGiveBack: boolean;
  readonly #sums: CalendarSums | RollingSums;
  /** What of the calendar's sums came from authorizations that are no longer in memory. */
  readonly #kept: CalendarSums | null;

  constructor(
    { applies_to, refunds_give_back }: LimitControl,
    sums: CalendarSums | RollingSums,
    kept: CalendarSums | null,
  ) {
    this.#attributes = compileAppliesTo(applies_to);
    this.#refundsGiveBack = refunds_give_back;
    this.#sums = sums;
    this.#kept = kept;
  }

  /**
   * What is counted now in the window of `windowAtMs`, for a request that adds to what is known. With all of that as it will
   * count: two names that are joined by the request count as one. `ownUses`: the uses in it that are the authorization's.
   */
  countedFor(
    known: KnownAuthorization | null,
    windowAtMs: number,
    nowMs: number,
  ): Readonly<Counted> & { readonly ownUses: number } {
    const counted = this.#sums.countedIn(windowAtMs, nowMs);
    if (known === null) return { amount_minor: counted.amount_minor, count: counted.count, ownUses: 0 };
    const { authorization, parts } = known;
    const own = this.#inWindow(authorization, windowAtMs, nowMs);
    const sum = { amount_minor: counted.amount_minor, count: counted.count, ownUses: own.count };
    if (parts[0] === authorization) return sum;
    for (const part of parts) {
      const before = this.#inWindow(part, windowAtMs, nowMs);
      sum.amount_minor -= before.amount_minor;
      sum.count -= before.count;
    }
    sum.amount_minor += own.amount_minor;
    sum.count += own.count;
    return sum;
  }

  spanAt(nowMs: number): Span | null {
    return this.#sums.spanAt(nowMs);
  }

  change(before: Authorization | null, after: Authorization): void {
    if (before !== null)
      this.#count(before, (at, { amount_minor, count }) =>
        this.#sums.add(at, { amount_minor: -amount_minor, count: -count }),
      );
    this.#count(after, (at, counted) => this.#sums.add(at, counted));
  }

  /** An authorization is dropped from memory: what it counted stays where it may still be asked for. */
  drop(authorization: Authorization): void {
    const kept = this.#kept;
    this.#count(authorization, (at, { amount_minor, count }) => {
      if (kept === null) this.#sums.add(at, { amount_minor: -amount_minor, count: -count });
      else kept.add(at, { amount_minor, count });
    });
  }

  /** Forgets windows that are over for every authorization from `oldestMs` on. */
  forget(oldestMs: number): void {
    if (this.#sums instanceof CalendarSums) this.#sums.forgetBefore(oldestMs);
    this.#kept?.forgetBefore(oldestMs);
  }

  /** What came from authorizations that are no longer in memory, by the start of its window. */
  kept(): Kept {
    return this.#kept?.all() ?? [];
  }

  /** The same of one window. */
  keptIn(windowAtMs: number): Readonly<Counted> | undefined {
    return this.#kept?.countedIn(windowAtMs);
  }

  restore(kept: Kept): void {
    const { sums, into } = { sums: this.#sums, into: this.#kept };
    if (into === null) return;
    for (const [startMs, amount_minor, count] of kept) {
      const at = { given_at_ms: startMs, window_at_ms: startMs };
      sums.add(at, { amount_minor, count });
      into.add(at, { amount_minor, count });
    }
  }

  /** Whether an authorization may still count in a window of which no sum is kept. */
  needs({ portions }: Authorization, nowMs: number): boolean {
    const sums = this.#sums;
    return sums instanceof RollingSums && portions.some((portion) => sums.isIn(portion, nowMs, nowMs));
  }

  #inWindow(authorization: Authorization, windowAtMs: number, nowMs: number): Counted {
    const sum = { amount_minor: 0, count: 0 };
    this.#count(authorization, (at, { amount_minor, count }) => {
      if (!this.#sums.isIn(at, windowAtMs, nowMs)) return;
      sum.amount_minor += amount_minor;
      sum.count += count;
    });
    return sum;
  }

  /** Each portion of what an authorization adds to this counter. Refunds give back the oldest first. */
  #count(authorization: Authorization, add: Count): void {
    const { portions, refunded_minor } = authorization;
    if (portions.length === 0) return;
    const subject = authorization.subject ?? unknown;
    const use = isUse(authorization) ? usePortion(portions) : null;
    let givenBack = this.#refundsGiveBack ? refunded_minor : 0;
    for (const portion of portions) {
      const spent = portion.held_minor + portion.cleared_minor;
      const amount_minor = Math.max(0, spent - givenBack);
      givenBack -= spent - amount_minor;
      const count = portion === use ? 1 : 0;
      if (amount_minor === 0 && count === 0) continue;
      if (this.#looksAt(subject, portion.window_at_ms)) add(portion, { amount_minor, count });
    }
  }

  #looksAt(subject: Parameters<Attribute['matches']>[0], atMs: number): boolean {
    for (const attribute of this.#attributes) if (!attribute.matches(subject, atMs)) return false;
    return true;
  }
}

/** Null for a window of one transaction: that is the authorization which a request adds to, and no other. */
export function newCounter(control: LimitControl): Counter | null {
  const { window } = control;
  if (window.per === 'transaction') return null;
  if (window.per === 'rolling') return new Counter(control, new RollingSums(window.seconds), null);
  return new Counter(control, new CalendarSums(window), new CalendarSums(window));
}

export function newCounters(controls: readonly Control[]): Map<string, Counter> {
  const counters = new Map<string, Counter>();
  for (const control of controls) {
    if (control.does !== 'limit' || counters.has(counterKey(control))) continue;
    const counter = newCounter(control);
    if (counter !== null) counters.set(counterKey(control), counter);
  }
  return counters;
}
