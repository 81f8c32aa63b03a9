// Ledger postings of one event: which transfers say, in double entry, what the event did to money.
// Pure: the event carries its figures, so no balance and no earlier transfer is read.

import type { Effect } from '../../contracts/card-event.ts';

/**
 * Two-phase transfers. `pending` reserves, `post` turns what is reserved into posted, `void` gives it back, `direct` posts
 * what was never reserved. A post or a void names the authorization whose reservation it uses.
 */
export const transferKinds = ['pending', 'post', 'void', 'direct'] as const;
export type TransferKind = (typeof transferKinds)[number];

/** `spend`: debit cardholder account, credit network clearing. `refund`: the reverse. */
export interface Posting {
  readonly kind: TransferKind;
  readonly direction: 'spend' | 'refund';
  readonly amount_minor: number;
}

export function postings({ hold_minor, posted_minor }: Effect): Posting[] {
  const spend = (kind: TransferKind, amount_minor: number): Posting => ({ kind, direction: 'spend', amount_minor });
  const released = Math.max(0, -hold_minor);
  const spent = Math.max(0, posted_minor);
  const fromHold = Math.min(released, spent);
  return [
    spend('pending', Math.max(0, hold_minor)),
    spend('post', fromHold),
    spend('void', released - fromHold),
    spend('direct', spent - fromHold),
    { kind: 'direct' as const, direction: 'refund' as const, amount_minor: Math.max(0, -posted_minor) },
  ].filter((posting) => posting.amount_minor > 0);
}
