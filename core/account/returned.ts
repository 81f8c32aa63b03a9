// Returned: a holder has given back of its share, or has ended it.

import type { EventOf } from './account-event.ts';
import type { AccountState } from './account-state.ts';
import type { Returned } from './message.ts';
import type { Share } from './share.ts';

/** Null where it says nothing new: an older total, or the same. */
export function receiveReturned(
  state: AccountState,
  { share, granted_minor, returned_minor, ended }: Pick<Returned, keyof Share | 'share' | 'ended'>,
): EventOf<'returned'> | null {
  const held = state.shares[share];
  if (held === undefined) return null;
  const total = Math.max(held.returned_minor, returned_minor);
  const over = held.ended || (ended && granted_minor === held.granted_minor);
  if (total === held.returned_minor && over === held.ended) return null;
  return { kind: 'returned', share, returned_minor: total, ended: over };
}

export function foldReturned(state: AccountState, { share, returned_minor, ended }: EventOf<'returned'>): AccountState {
  const held = state.shares[share];
  if (held === undefined) throw new Error(`returned of a share that the account has not: ${share}`);
  return { ...state, shares: { ...state.shares, [share]: { ...held, returned_minor, ended } } };
}
