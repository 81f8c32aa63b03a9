// What an account knows for good: the fold of its events. What it may hand out is worked out from totals, never counted along.

import { outMinor, type Share } from './share.ts';

export type Source =
  /** What was paid in, and not withdrawn. */
  | { readonly kind: 'prefunded' }
  /** The same, and a limit below 0 that purchases which have not cleared count against too. */
  | { readonly kind: 'credit'; readonly limit_minor: number }
  /** The network holds the money: any amount, within the budget where there is one. */
  | { readonly kind: 'network' }
  /** A share of another account. */
  | { readonly kind: 'parent'; readonly parent: string; readonly share: string };

/** How much may be out of an account, raised once a period. */
export interface Budget {
  readonly amount_minor: number;
  /** What a period leaves unspent is there in the next one too, or is not. */
  readonly unspent: 'carried' | 'lapses';
  /** The most that may be out. 0 until the first period has begun. */
  readonly allowance_minor: number;
  readonly period: number;
}

export interface HeldShare extends Share {
  /** The card or the account that has it. */
  readonly holder: string;
  readonly ended: boolean;
}

export interface AccountState {
  readonly id: string;
  readonly source: Source;
  readonly budget: Budget | null;
  readonly funded_minor: number;
  readonly withdrawn_minor: number;
  /** Deposits and withdrawals by their keys, so that a repeat does nothing. */
  readonly payments: Readonly<Record<string, { readonly kind: 'funded' | 'withdrawn'; readonly amount_minor: number }>>;
  /** The account's own share of its parent; zeros where it has none. */
  readonly own: Share;
  readonly shares: Readonly<Record<string, HeldShare>>;
  readonly status: 'open' | 'closing' | 'closed';
}

export function newAccountState(
  id: string,
  source: Source,
  budget: Pick<Budget, 'amount_minor' | 'unspent'> | null = null,
): AccountState {
  return {
    ...{ id, source, funded_minor: 0, withdrawn_minor: 0, payments: {}, shares: {}, status: 'open' },
    budget: budget === null ? null : { ...budget, allowance_minor: 0, period: 0 },
    own: { granted_minor: 0, returned_minor: 0 },
  };
}

/** Σ of what is out with all holders. */
export function sharedOutMinor({ shares }: AccountState): number {
  return Object.values(shares).reduce((sum, share) => sum + outMinor(share), 0);
}

/** All the money that the account has, shared out or not; null: as much as is asked for. */
export function fundsMinor({ source, funded_minor, withdrawn_minor, own }: AccountState): number | null {
  const paid = funded_minor - withdrawn_minor;
  switch (source.kind) {
    case 'prefunded':
      return paid;
    case 'credit':
      return paid + source.limit_minor;
    case 'network':
      return null;
    case 'parent':
      return outMinor(own);
  }
}

/** What of its money is with no holder. Below 0 after a credit limit was lowered under what is out. */
export function unsharedMinor(state: AccountState): number | null {
  const funds = fundsMinor(state);
  return funds === null ? null : funds - sharedOutMinor(state);
}

/** How much more may be out, by its budget alone. */
export function roomMinor(state: AccountState): number | null {
  return state.budget === null ? null : state.budget.allowance_minor - sharedOutMinor(state);
}

/** What it may grant now. */
export function grantableMinor(state: AccountState): number | null {
  const [unshared, room] = [unsharedMinor(state), roomMinor(state)];
  if (unshared === null || room === null) return unshared ?? room;
  return Math.min(unshared, room);
}
