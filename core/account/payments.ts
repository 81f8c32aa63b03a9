// Funded and withdrawn: the owner pays money in, and takes out what nobody below may still spend.

import type { EventOf } from './account-event.ts';
import { type AccountState, unsharedMinor } from './account-state.ts';
import type { Withdrawal } from './message.ts';

export interface Payment {
  readonly key: string;
  readonly amount_minor: number;
}

export type FundingOutcome = 'funded' | 'not_its_money' | 'key_reused' | 'amount_invalid' | 'account_closed';

/** What a deposit is answered, and its event; null: nothing changes. */
export function receiveFunding(
  state: AccountState,
  { key, amount_minor }: Payment,
): { outcome: FundingOutcome; event: EventOf<'funded'> | null } {
  const before = beforeIt(state, 'funded', { key, amount_minor });
  if (before !== null) return { outcome: before === 'repeated' ? 'funded' : before, event: null };
  if (!hasOwnMoney(state)) return { outcome: 'not_its_money', event: null };
  if (!isAmount(amount_minor)) return { outcome: 'amount_invalid', event: null };
  if (state.status !== 'open') return { outcome: 'account_closed', event: null };
  return { outcome: 'funded', event: { kind: 'funded', key, amount_minor } };
}

/** `lacking_minor`: what has to be called back before it can be answered. */
export function receiveWithdrawal(
  state: AccountState,
  { key, amount_minor }: Payment,
): { outcome: Withdrawal['outcome']; event: EventOf<'withdrawn'> | null; lacking_minor: number } {
  const before = beforeIt(state, 'withdrawn', { key, amount_minor });
  const answer = (outcome: Withdrawal['outcome'], lacking_minor = 0) => ({ outcome, event: null, lacking_minor });
  if (before !== null) return answer(before === 'repeated' ? 'withdrawn' : before);
  const unshared = unsharedMinor(state);
  if (!hasOwnMoney(state) || unshared === null) return answer('not_its_money');
  if (!isAmount(amount_minor)) return answer('amount_invalid');
  const lacking_minor = amount_minor - unshared;
  if (lacking_minor > 0) return answer('insufficient_funds', lacking_minor);
  return { outcome: 'withdrawn', event: { kind: 'withdrawn', key, amount_minor }, lacking_minor: 0 };
}

export function foldPayment(
  state: AccountState,
  { kind, key, amount_minor }: EventOf<'funded' | 'withdrawn'>,
): AccountState {
  const total = kind === 'funded' ? 'funded_minor' : 'withdrawn_minor';
  const payments = { ...state.payments, [key]: { kind, amount_minor } };
  return { ...state, payments, [total]: state[total] + amount_minor };
}

/** The same key again is the same payment, or somebody's mistake. */
function beforeIt(
  { payments }: AccountState,
  kind: 'funded' | 'withdrawn',
  { key, amount_minor }: Payment,
): 'repeated' | 'key_reused' | null {
  // Keys are the caller's: `constructor` is one like any other.
  const first = Object.hasOwn(payments, key) ? payments[key] : undefined;
  if (first === undefined) return null;
  return first.kind === kind && first.amount_minor === amount_minor ? 'repeated' : 'key_reused';
}

function isAmount(amountMinor: number): boolean {
  return Number.isSafeInteger(amountMinor) && amountMinor > 0;
}

function hasOwnMoney({ source }: AccountState): boolean {
  return source.kind === 'prefunded' || source.kind === 'credit';
}
