// The model's picture of one purchase: the plain list of what was told of its hold, and sums taken from it anew.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { AppliesTo } from '../../contracts/control.ts';
import { type CalendarWindow, windowLabel } from './local-calendar.ts';
import { firstMismatch, type Use } from './model-matching.ts';
import { type Fact, held, lastPlace, type Place, remembered, type When } from './model-order.ts';
import { afterMove, joinedPieces, type Moved, type Piece } from './model-places.ts';
import type { ToldRefund } from './model-refunds.ts';
import { type Told, toldByAnEarlierClock, toldTogether } from './model-together.ts';

export class ModelLife {
  readonly names: Set<string>;
  /** Learned from the card's first answer; later answers must name the same. */
  authorization_id: string | null = null;
  readonly currency: string;
  at_ms: number;
  touched_ms: number;
  use: Use = nowhere;
  facts: Fact[] = [];
  /** Where it counts in windows. */
  pieces: Piece[] = [];
  approved_minor = 0;
  /** How often the network approved without us; what was given up since does not count. */
  advised = 0;
  /** When its first request was decided, by the card or in its place, and when something first moved its hold; null: never. */
  begun: When | null = null;
  moved: When | null = null;
  cleared_minor = 0;
  refunded_minor = 0;
  refunds: ToldRefund[] = [];
  expires_at_ms = 0;
  /** Trimmed from the card: it still counts in the limits of that time, as long as they are in force without a break. */
  countsOnlyIn: Set<string> | null = null;
  /** Whether a control looks at a piece, and the piece's window, once asked. */
  #looks: (Map<number, boolean> | undefined)[] = [];
  #labels: (Map<number, number> | undefined)[] = [];
  #hold: number | null = null;

  constructor(name: string, atMs: number, currency: string) {
    this.names = new Set([name]);
    this.at_ms = atMs;
    this.touched_ms = atMs;
    this.currency = currency;
  }

  tell(fact: Fact): void {
    if ((fact.does === 'adds' || fact.does === 'takes') && fact.minor === 0) return;
    this.#retell([...this.facts, fact], this.moved ?? whenOf(fact));
  }

  /** A part that was approved elsewhere, at an instant of its own. */
  tellApart(part: Told): void {
    const { facts, begun, moved } = toldTogether(this, part);
    this.#retell(facts, moved);
    this.begun = begun;
  }

  /** An approval holds something else from now on, or nothing. */
  approvalBecomes(of: string, givenMs: number, minor: number): void {
    const others = (fact: Fact) => fact.does !== 'adds' || fact.of !== of || fact.heard_ms !== givenMs;
    const changed = this.facts.filter((fact) => !others(fact)).slice(0, minor > 0 ? 1 : 0);
    this.#retell(
      [...this.facts.filter(others), ...changed.map((fact) => ({ ...fact, minor, told: minor }))],
      this.moved,
    );
  }

  /** What was said in the card's place by an advice of the network is over. */
  sayingEnds({ at_ms, order, turn }: Place): void {
    const isIt = (fact: Fact) =>
      fact.does === 'says' && fact.at_ms === at_ms && fact.order === order && fact.turn === turn;
    const said = this.facts.find(isIt);
    if (said === undefined) return;
    const ended: Fact = { ...said, does: 'ends', minor: 0, told: 0 };
    this.#retell([...this.facts.filter((fact) => fact !== said), ended], this.moved);
  }

  /** Before anything is told at an instant. */
  heardUntil(nowMs: number): void {
    if (!this.facts.some(({ heard_ms, turn }) => heard_ms > nowMs && turn !== null && turn > 0)) return;
    const again = toldByAnEarlierClock(this.facts, nowMs);
    if (again !== null) this.#retell(again, this.moved);
  }

  #retell(facts: readonly Fact[], moved: When | null): void {
    this.facts = remembered(facts);
    this.moved = moved;
    this.#hold = null;
  }

  get hold_minor(): number {
    this.#hold ??= held(this.facts);
    return this.#hold;
  }

  get posted_minor(): number {
    return this.cleared_minor - this.refunded_minor;
  }

  get isUse(): boolean {
    return this.approved_minor > 0 || this.cleared_minor > 0 || this.advised > 0;
  }

  get isRefundedAboveCleared(): boolean {
    return this.pieces.length > 0 && this.refunded_minor > this.cleared_minor + this.hold_minor;
  }

  /** Does something to it, and counts what that moved. */
  move(nowMs: number, how: Pick<Moved, 'approved' | 'voidedMs'>, change: () => void): void {
    const [held_minor, cleared, wasUse] = [this.hold_minor, this.cleared_minor, this.isUse];
    change();
    this.touched_ms = nowMs;
    const moved = { held: this.hold_minor - held_minor, cleared: this.cleared_minor - cleared, isUse: this.isUse };
    const isStill = moved.held === 0 && moved.cleared === 0 && wasUse === moved.isUse;
    if (isStill && how.approved === undefined && how.voidedMs === undefined) return;
    this.pieces = afterMove(this.pieces, { nowMs, ...how, ...moved });
  }

  /** Nobody cleared it in time. */
  lapse(now: When): void {
    const nowMs = now.heard_ms;
    this.heardUntil(nowMs);
    const place = lastPlace(this.facts, nowMs, null, null);
    const lapse = { does: 'lapses', minor: 0, told: 0, ...now, of: null, why: 'expiry' } as const;
    this.move(nowMs, {}, () => this.tell({ ...place, ...lapse }));
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

  isSeenBy(index: number, applies: AppliesTo, { window_ms }: Piece): boolean {
    this.#looks[index] ??= new Map();
    let looks = this.#looks[index].get(window_ms);
    if (looks === undefined) {
      looks = firstMismatch(applies, this.use, window_ms) === null;
      this.#looks[index].set(window_ms, looks);
    }
    return looks;
  }

  labelIn(index: number, window: CalendarWindow, { window_ms }: Piece): number {
    this.#labels[index] ??= new Map();
    let label = this.#labels[index].get(window_ms);
    if (label === undefined) {
      label = windowLabel(window, window_ms);
      this.#labels[index].set(window_ms, label);
    }
    return label;
  }

  copy(): ModelLife {
    const copy = new ModelLife('', this.at_ms, this.currency);
    for (const name of this.names) copy.names.add(name);
    const { touched_ms, use, approved_minor, advised, cleared_minor, refunded_minor, expires_at_ms } = this;
    Object.assign(copy, { touched_ms, use, approved_minor, advised, cleared_minor, refunded_minor, expires_at_ms });
    copy.refunds = [...this.refunds];
    copy.facts = [...this.facts];
    copy.pieces = this.pieces.map((piece) => ({ ...piece }));
    copy.begun = this.begun;
    copy.moved = this.moved;
    return copy;
  }

  /** The other one was the same all along. */
  take(other: ModelLife): void {
    const first = other.at_ms < this.at_ms ? other : this;
    const second = first === this ? other : this;
    // What was asked for says more of the purchase than what was told of it.
    const says = first.approved_minor === 0 && second.approved_minor > 0 ? second : first;
    this.use = [says, first, second].find(({ use }) => use !== nowhere)?.use ?? nowhere;
    this.at_ms = first.at_ms;
    for (const name of other.names) this.names.add(name);
    this.tellApart(other);
    this.pieces = joinedPieces(this.pieces, other.pieces, this.hold_minor);
    this.approved_minor += other.approved_minor;
    this.cleared_minor += other.cleared_minor;
    this.refunded_minor += other.refunded_minor;
    this.refunds.push(...other.refunds);
    this.advised += other.advised;
    this.expires_at_ms = Math.max(this.expires_at_ms, other.expires_at_ms);
    this.touched_ms = Math.max(this.touched_ms, other.touched_ms);
    this.forgetLooks();
  }
}

function whenOf({ number, heard_ms, byEdge }: Fact): When {
  return { number, heard_ms, byEdge };
}

export const nowhere: Use = { request: null, merchant: null };
