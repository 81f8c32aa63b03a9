// What the origin sets up: who holds shares of the account, and the limit of a credit line.

import type { EventOf } from './account-event.ts';
import type { AccountState } from './account-state.ts';
import { newShare } from './share.ts';

/** A share has one holder for good: a card that comes back to an account gets another share. */
export function receiveOpening(state: AccountState, share: string, holder: string): EventOf<'share_opened'> | null {
  return state.status !== 'open' || state.shares[share] !== undefined ? null : { kind: 'share_opened', share, holder };
}

export function foldOpened(state: AccountState, { share, holder }: EventOf<'share_opened'>): AccountState {
  return { ...state, shares: { ...state.shares, [share]: { ...newShare, holder, ended: false } } };
}

/** A limit below what is out takes nothing back by itself: nothing more is granted until it is. */
export function receiveLimit({ source }: AccountState, limit_minor: number): EventOf<'limit_set'> | null {
  const isOne = Number.isSafeInteger(limit_minor) && limit_minor >= 0;
  return source.kind !== 'credit' || !isOne || source.limit_minor === limit_minor
    ? null
    : { kind: 'limit_set', limit_minor };
}

export function foldLimit(state: AccountState, { limit_minor }: EventOf<'limit_set'>): AccountState {
  return state.source.kind === 'credit' ? { ...state, source: { kind: 'credit', limit_minor } } : state;
}
