// The model's picture of one authorization's life: the plain list of what was told, in no order, and sums taken from it anew.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { AppliesTo } from '../../contracts/control.ts';
import { type CalendarWindow, windowLabel } from './local-calendar.ts';
import { firstMismatch, type Use } from './model-matching.ts';

/** What was told of the hold: `sets` it from that instant on, or `adds` to it (below zero: takes from it). */
export type Fact =
  | { readonly does: 'sets'; readonly at_ms: number; readonly minor: number; readonly why: string }
  | {
      readonly does: 'adds';
      readonly at_ms: number;
      readonly minor: number;
      readonly told?: number;
      readonly why: string;
    };

/** Before anything that can be told: where a first approval without an instant of its own belongs. */
export const beginningMs = 0;

export class ModelLife {
  readonly names: Set<string>;
  /** Learned from the card's first answer; later answers must name the same. */
  authorization_id: string | null = null;
  at_ms: number;
  touched_ms: number;
  use: Use = nowhere;
  facts: Fact[] = [];
  approved_minor = 0;
  /** How often the network approved without us; what was given up since does not count. */
  advised = 0;
  /** One of its requests was answered in the card's place. */
  answeredInPlace = false;
  cleared_minor = 0;
  refunded_minor = 0;
  expires_at_ms = 0;
  /** Trimmed from the card: it still counts in the limits of that time, as long as they are in force without a break. */
  countsOnlyIn: Set<string> | null = null;
  /** By the place of a control in the profile in force: whether it looks at this life, and the life's window, once asked. */
  #looks: (boolean | undefined)[] = [];
  #labels: (number | undefined)[] = [];
  #hold: number | null = null;

  constructor(name: string, atMs: number) {
    this.names = new Set([name]);
    this.at_ms = atMs;
    this.touched_ms = atMs;
  }

  tell(fact: Fact): void {
    if (fact.does === 'adds' && fact.minor === 0) return;
    this.facts.push(fact);
    this.#hold = null;
  }

  /** The newest word that sets the hold, then all that comes after it, what adds before what takes away. */
  get hold_minor(): number {
    this.#hold ??= this.#reckon();
    return this.#hold;
  }

  #reckon(): number {
    if (this.facts.length === 0) return 0;
    let [setAt, hold] = [-1, 0];
    for (const { does, at_ms, minor } of this.facts) {
      if (does !== 'sets' || at_ms < setAt) continue;
      hold = at_ms === setAt ? Math.min(hold, minor) : minor;
      setAt = at_ms;
    }
    const later = this.facts.filter((fact) => fact.does === 'adds' && fact.at_ms > setAt);
    later.sort((one, other) => one.at_ms - other.at_ms || other.minor - one.minor);
    // Beside it what the network knows of: once nothing of that is left, nothing is held.
    let known = hold;
    for (const fact of later) {
      hold = Math.max(0, hold + fact.minor);
      known = Math.max(0, known + (fact.does === 'adds' ? (fact.told ?? fact.minor) : 0));
      if (known === 0) hold = 0;
    }
    return hold;
  }

  get latestMs(): number {
    let latest = 0;
    for (const { at_ms } of this.facts) if (at_ms > latest) latest = at_ms;
    return latest;
  }

  /** A request of it was approved, whatever became of that. */
  get hasBegun(): boolean {
    return this.answeredInPlace || this.facts.some(({ does, minor }) => does === 'adds' && minor > 0);
  }

  get posted_minor(): number {
    return this.cleared_minor - this.refunded_minor;
  }

  get isUse(): boolean {
    return this.approved_minor > 0 || this.cleared_minor > 0 || this.advised > 0;
  }

  usedAt(use: Use): void {
    this.use = use;
    this.forgetLooks();
  }

  learnMerchant(merchant: Merchant | null): void {
    if (merchant !== null && this.use === nowhere) this.usedAt({ request: null, merchant });
  }

  forgetLooks(): void {
    this.#looks = [];
    this.#labels = [];
  }

  isSeenBy(index: number, applies: AppliesTo): boolean {
    let looks = this.#looks[index];
    if (looks === undefined) {
      looks = firstMismatch(applies, this.use, this.at_ms) === null;
      this.#looks[index] = looks;
    }
    return looks;
  }

  labelIn(index: number, window: CalendarWindow): number {
    let label = this.#labels[index];
    if (label === undefined) {
      label = windowLabel(window, this.at_ms);
      this.#labels[index] = label;
    }
    return label;
  }

  copy(): ModelLife {
    const copy = new ModelLife('', this.at_ms);
    for (const name of this.names) copy.names.add(name);
    const { touched_ms, use, approved_minor, advised, cleared_minor, refunded_minor, expires_at_ms } = this;
    Object.assign(copy, { touched_ms, use, approved_minor, advised, cleared_minor, refunded_minor, expires_at_ms });
    copy.facts = [...this.facts];
    copy.answeredInPlace = this.answeredInPlace;
    return copy;
  }

  /** The other life was the same one all along. */
  take(other: ModelLife): void {
    const first = other.at_ms < this.at_ms ? other : this;
    const second = first === this ? other : this;
    // What was asked for says more of the purchase than what was told of it.
    const says = first.approved_minor === 0 && second.approved_minor > 0 ? second : first;
    this.use = [says, first, second].find(({ use }) => use !== nowhere)?.use ?? nowhere;
    this.at_ms = first.at_ms;
    for (const name of other.names) this.names.add(name);
    this.facts.push(...other.facts);
    this.approved_minor += other.approved_minor;
    this.cleared_minor += other.cleared_minor;
    this.refunded_minor += other.refunded_minor;
    this.advised += other.advised;
    this.answeredInPlace ||= other.answeredInPlace;
    this.expires_at_ms = Math.max(this.expires_at_ms, other.expires_at_ms);
    this.touched_ms = Math.max(this.touched_ms, other.touched_ms);
    this.#hold = null;
    this.forgetLooks();
  }
}

export const nowhere: Use = { request: null, merchant: null };
