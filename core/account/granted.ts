// Granted: a holder may spend more of the account's balance.

import type { EventOf } from './account-event.ts';
import { type AccountState, grantableMinor } from './account-state.ts';
import type { Ask } from './message.ts';
import { outMinor } from './share.ts';

type Wanted = Pick<Ask, 'share' | 'needed_minor' | 'wished_minor'>;

/** What the account lacks to grant what is needed; 0 or less: nothing. */
export function lackingMinor(state: AccountState, { share, needed_minor }: Wanted): number {
  const held = state.shares[share];
  const grantable = grantableMinor(state);
  if (held === undefined || grantable === null) return 0;
  const more = needed_minor - outMinor(held);
  return more <= 0 ? 0 : more - grantable;
}

/**
 * As much as there is of what is wished; null: nothing. The figure is the share's total: with 500 granted, 120 of it returned, and 400 needed, it is 520.
 */
export function receiveAsk(
  state: AccountState,
  { share, needed_minor, wished_minor }: Wanted,
): EventOf<'granted'> | null {
  const held = state.shares[share];
  if (held === undefined || held.ended || state.status !== 'open') return null;
  const wanted = Math.max(needed_minor, wished_minor) - outMinor(held);
  const more = Math.min(wanted, grantableMinor(state) ?? wanted);
  return more <= 0 ? null : { kind: 'granted', share, granted_minor: held.granted_minor + more };
}

export function foldGranted(state: AccountState, { share, granted_minor }: EventOf<'granted'>): AccountState {
  const held = state.shares[share];
  if (held === undefined) throw new Error(`granted to a share that the account has not: ${share}`);
  return { ...state, shares: { ...state.shares, [share]: { ...held, granted_minor } } };
}
