// One authorization as network and origin have seen it: approvals given, messages heard, in the order of their arrival, and the
// bounds that follow from arrival alone. Stamps are not read: whatever they say, these bounds hold.
//
// Example: 100.00 approved, 30.00 reversed, 50.00 approved: at least 120.00 is held, at least 120.00 counts. A full reversal
// that arrives then may take all of it, so from there on at least nothing is held.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEvent } from '../../contracts/card-event.ts';

/** Shorter than the card's retention: after a rest of this length it may have forgotten the authorization. */
export const restMsMax = 34 * 86_400_000;

const clocksDifferMsMax = 2_000;

export interface Approval {
  readonly request: AuthorizationRequest;
  /** By the card's clock, when it was given. */
  readonly given_ms: number;
  /** What the network was told, as far as it is held: more may be held beside it (tips, fuel). */
  readonly minor: number;
  readonly told_minor: number;
  readonly hold_minor: number;
}

export class WireAuthorization {
  names = new Set<string>();
  approvals: Approval[] = [];
  events: CardEvent[] = [];
  /** At least so much of it is held. */
  held_minor_min = 0;
  /** At most so much of what was approved has been given back to windows. */
  back_minor_max = 0;
  cleared_minor = 0;
  refunded_minor = 0;
  /** Of what was approved, as much was cleared: not what was cleared above it. */
  #clearedOfGivenMinor = 0;
  /** What the books have: the sums of its events' effects. */
  booked_held_minor = 0;
  booked_posted_minor = 0;
  /** Of its messages. Two: what the card does with the second is a person's to look at. */
  readonly currencies = new Set<string>();
  hasAdvice = false;
  hasVoid = false;
  /** A message came before the first approval: the network may have taken away before the card gave. */
  hasEarlyMessage = false;
  /** A request was decided before the first approval: the approval is no beginning, and comes after all that was heard. */
  hasEarlyRequest = false;
  /** Approved, and nothing of it was held: messages had taken it. Where it was used still decides which limits count what follows. */
  emptied: Approval[] = [];
  /** Two that turned out to be one. */
  isJoined = false;
  hasOrder = false;
  /** Reversals and clearings in part, which take from the hold; and those before the first approval, which its hold is without. */
  taken_minor = 0;
  #takenEarlyMinor = 0;
  /** Something has ended all that was approved until then, and nothing was approved since. */
  isEnded = false;
  /** The stamp of what ended it last. */
  #endStampMs: number | undefined = undefined;
  holds_until_ms = 0;
  /** An old one that may be forgotten, or of two currencies: nothing is demanded of it but its postings. */
  isDoubtful = false;
  touched_ms = 0;

  get given_minor(): number {
    let sum = 0;
    for (const { minor } of this.approvals) sum += minor;
    return sum;
  }

  /** Heard of again after a rest: what the card knew of it may be gone. */
  touch(event: CardEvent): void {
    if (this.touched_ms > 0 && event.at_ms - this.touched_ms > restMsMax) this.isDoubtful = true;
    this.touched_ms = event.at_ms;
    this.events.push(event);
  }

  approve(approval: Approval): void {
    if (this.approvals.length === 0) this.#takenEarlyMinor = this.taken_minor;
    this.approvals.push(approval);
    this.isEnded = false;
    // What began it may have been taken in part by what was heard before.
    if (this.approvals.length === 1 && this.hasEarlyMessage && !this.hasEarlyRequest)
      this.back_minor_max += approval.minor;
    else this.held_minor_min += approval.minor;
  }

  /** A reversal or clearing in part. Cleared money still counts in windows, a reversal gives back. */
  takePart(minor: number, givesBack: boolean): void {
    this.taken_minor += minor;
    this.held_minor_min = Math.max(0, this.held_minor_min - minor);
    if (givesBack) this.back_minor_max += minor;
  }

  clear(minor: number): void {
    this.cleared_minor += minor;
    this.#clearedOfGivenMinor = Math.min(this.given_minor, this.#clearedOfGivenMinor + minor);
  }

  /** A final clearing, a full reversal, an expiry, an advice: it may set the hold to nothing. What was cleared stays counted. */
  end(stampMs: number | undefined): void {
    this.#endStampMs = stampMs;
    this.held_minor_min = 0;
    // Of two that were joined it is not known which of them was cleared.
    const cleared = this.isJoined ? 0 : this.#clearedOfGivenMinor;
    this.back_minor_max = Math.max(this.back_minor_max, this.given_minor - cleared);
    this.isEnded = true;
  }

  /** A request was given up: what it was approved for is gone. */
  giveUp(requestKey: string): void {
    for (const { request, minor } of this.approvals) {
      if (request.request_key !== requestKey) continue;
      this.hasVoid = true;
      this.held_minor_min = Math.max(0, this.held_minor_min - minor);
      this.back_minor_max += minor;
    }
  }

  /** At least so much counts in a window that has the approvals for which `isIn`. */
  countedMinor(isIn: (approval: Approval) => boolean, refundsGiveBack: boolean): number {
    let inside = 0;
    for (const approval of this.approvals) if (isIn(approval)) inside += approval.minor;
    return Math.max(0, inside - this.back_minor_max - (refundsGiveBack ? this.refunded_minor : 0));
  }

  /**
   * At most so much is held; null: arrival alone does not say. It says so where nobody but the card approved, and it did so once;
   * or more often, the later times without a stamp, and what ends them is not stamped long before.
   */
  get heldMinorMax(): number | null {
    const [first, ...more] = this.approvals;
    if (first === undefined || this.isJoined || this.hasAdvice || first.request.kind !== 'authorization') return null;
    if (this.hasVoid) return more.length === 0 ? 0 : null;
    const later = this.hasEarlyRequest ? this.approvals : more;
    if (this.isEnded) return later.some((approval) => this.#mayOutlastItsEnd(approval)) ? null : 0;
    if (later.length > 0) return null;
    return first.told_minor <= this.taken_minor ? 0 : first.hold_minor - (this.taken_minor - this.#takenEarlyMinor);
  }

  /** By its stamp or number it may be after what ended it, whose message was delayed. */
  #mayOutlastItsEnd({ request, given_ms }: Approval): boolean {
    if (this.hasOrder || request.occurred_at_ms !== undefined) return true;
    return this.#endStampMs !== undefined && this.#endStampMs < given_ms - clocksDifferMsMax;
  }

  /** All that says where and in which windows it counts. */
  get uses(): readonly Approval[] {
    return this.emptied.length === 0 ? this.approvals : [...this.emptied, ...this.approvals];
  }

  /** The two of them with the events of both, of which nothing is folded in yet. */
  static of(one: WireAuthorization, other: WireAuthorization): WireAuthorization {
    const both = new WireAuthorization();
    both.isJoined = true;
    for (const name of [...one.names, ...other.names]) both.names.add(name);
    both.events = [...one.events, ...other.events].sort((first, next) => first.sequence - next.sequence);
    both.booked_held_minor = one.booked_held_minor + other.booked_held_minor;
    both.booked_posted_minor = one.booked_posted_minor + other.booked_posted_minor;
    both.touched_ms = Math.max(one.touched_ms, other.touched_ms);
    return both;
  }

  /** What depended on the profile of that time. */
  keepDoubtsOf(one: WireAuthorization, other: WireAuthorization): void {
    this.holds_until_ms = Math.max(one.holds_until_ms, other.holds_until_ms);
    this.isDoubtful = one.isDoubtful || other.isDoubtful;
  }
}
