// What a booked entry can prove of a payment of ours: that it was paid, that it came back, or that a person must look at it.

import type { Booking, Money } from './bank-file.ts';
import type { Claim } from './payment-files.ts';

/** A payment of ours, as it was sent. */
export interface Sent {
  readonly id: string;
  readonly claim: Claim;
  readonly isRejected: boolean;
}

/** What object storage knows of the ids that an entry names. */
export interface Known {
  transfer(id: string): Sent | null;
  /** Of a file, or of a currency of one. */
  members(id: string): readonly Sent[];
}

export interface Paid {
  readonly verdict: 'paid';
  readonly payment: Sent;
  /** What was booked beyond the payment, and whether the bank says what for; null: nothing was. */
  readonly fee: (Money & { readonly isNamed: boolean }) | null;
}
export interface Returned {
  readonly verdict: 'returned';
  readonly payment: Sent;
  readonly amount: Money;
  readonly code: string;
  /** Why the rest did not come, where the bank's own figures say that it was to; null for the whole and for a plain part. */
  readonly short: string | null;
}
export interface Unclear {
  readonly verdict: 'unclear';
  /** The ids of ours that it names, for the item's key. */
  readonly about: readonly string[];
  readonly payment: Sent | null;
  readonly why: string;
  readonly amount: Money | null;
}
export type Verdict = (Paid | Returned | Unclear) & { readonly booking: Booking };

export function amountSent({ claim }: Sent): Money {
  return { minor: BigInt(claim.amount_minor), currency: claim.currency };
}
