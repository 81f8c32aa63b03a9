// Closing and closed: an account grants nothing more, calls everything back, and is closed once no holder has anything left.

import type { EventOf } from './account-event.ts';
import { type AccountState, unsharedMinor } from './account-state.ts';

export function receiveClose({ status }: AccountState): EventOf<'closing'> | null {
  return status === 'open' ? { kind: 'closing' } : null;
}

/** What its holders still hold has to be cleared or released first; what is left has to be withdrawn, or be its parent's again. */
export function receiveEnd(state: AccountState): EventOf<'closed'> | null {
  const isOver = Object.values(state.shares).every(({ ended }) => ended) && (unsharedMinor(state) ?? 0) === 0;
  return state.status === 'closing' && isOver ? { kind: 'closed' } : null;
}

export function foldClosing(state: AccountState, { kind }: EventOf<'closing' | 'closed'>): AccountState {
  return { ...state, status: kind };
}
