// How much of an authorization's hold the card itself approved, how much of a clearing it did not, and how much of a refund is of no
// purchase. Pure.
//
// Example: the card approves 100.00, and a clearing of 130.00 comes: 100.00 is approved, 30.00 is not. Where the network sets the hold
// to 150.00 by an advice, 100.00 of it stays approved: a clearing of 150.00 has 50.00 that the card never saw. What our own edge approved
// in the card's place counts as the network's word, because a network could write the same message itself.

import type { MoneyEvent } from './book-event.ts';

interface Standing {
  /** Null: stored by a release of before, which counts as all approved. */
  readonly approved_minor: bigint | null;
  readonly held_minor: bigint;
  readonly posted_minor: bigint;
  readonly joined_posted_minor: bigint;
}

export const nothingStands: Standing = {
  approved_minor: 0n,
  held_minor: 0n,
  posted_minor: 0n,
  joined_posted_minor: 0n,
};

/** What a later clearing may take before any of it is unapproved. */
function approvedOf({ approved_minor, held_minor }: Standing): bigint {
  return least(approved_minor ?? held_minor, held_minor);
}

interface Booking {
  readonly event: MoneyEvent;
  readonly before: Standing;
  /** The authorization that the event joins to this one: its hold is part of this one's from now on. */
  readonly joined: Standing;
  readonly held_minor: bigint;
  /** What the event posts; below 0: a refund. */
  readonly posted_minor: bigint;
}

export function approvedAfter(booking: Booking): {
  readonly approved_minor: bigint;
  readonly unapproved_minor: bigint;
  readonly unmatched_minor: bigint;
} {
  const { event, before, joined, held_minor, posted_minor } = booking;
  const approved = approvedOf(before) + approvedOf(joined) + approvedBy(event);
  const posted = posted_minor > 0n ? posted_minor : 0n;
  const covered = least(posted, approved);
  return {
    approved_minor: least(approved - covered, held_minor),
    unapproved_minor: posted - covered,
    unmatched_minor: unmatchedBy(booking),
  };
}

/** A card's own approval; more than the hold grows by where a clearing came first, or where the hold was the network's word until now. */
function approvedBy(event: MoneyEvent): bigint {
  if (event.kind !== 'authorization' || event.decision.outcome === 'declined') return 0n;
  return BigInt(event.approval?.adds_minor ?? Math.max(0, event.effect.hold_minor));
}

/** How much of a refund is beyond what its purchase had cleared. Example: 30.00 had cleared, 100.00 are refunded: 70.00. */
function unmatchedBy({ before, joined, posted_minor }: Booking): bigint {
  const clearedBefore = postedOf(before) + postedOf(joined);
  const refunded = posted_minor < 0n ? -posted_minor : 0n;
  return refunded - least(refunded, clearedBefore > 0n ? clearedBefore : 0n);
}

/** Also under other names of the purchase, which turned out to be the same. */
export function postedOf({
  posted_minor,
  joined_posted_minor,
}: Pick<Standing, 'posted_minor' | 'joined_posted_minor'>): bigint {
  return posted_minor + joined_posted_minor;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
