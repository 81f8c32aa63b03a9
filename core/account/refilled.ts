// Refilled: a period of the budget has begun, and more may be out.

import type { EventOf } from './account-event.ts';
import { type AccountState, sharedOutMinor } from './account-state.ts';
import { outMinor } from './share.ts';

/** Null: the period has begun before, or there is no budget. */
export function budgetDue({ budget }: AccountState, period: number): AccountState['budget'] {
  return budget === null || period <= budget.period ? null : budget;
}

/**
 * Where what is unspent lapses, all holders were asked to give it back first: what is still out is spent. Of those that did not answer
 * (`unheard`) nobody knows, so that theirs counts as spent in the new period. Example: 500 a period, 300 out, 40 of it with a card that is away: 760 may be out.
 */
export function receiveRefill(
  state: AccountState,
  period: number,
  unheard: readonly string[],
): EventOf<'refilled'> | null {
  const budget = budgetDue(state, period);
  if (budget === null) return null;
  if (budget.unspent === 'carried') {
    const allowance_minor = budget.allowance_minor + budget.amount_minor * (period - budget.period);
    return { kind: 'refilled', period, allowance_minor };
  }
  const unknown = unheard.reduce((sum, share) => sum + unspentAtMost(state, share), 0);
  return { kind: 'refilled', period, allowance_minor: sharedOutMinor(state) - unknown + budget.amount_minor };
}

function unspentAtMost({ shares }: AccountState, share: string): number {
  const held = shares[share];
  return held === undefined ? 0 : Math.max(0, outMinor(held));
}

export function foldRefilled(state: AccountState, { period, allowance_minor }: EventOf<'refilled'>): AccountState {
  return state.budget === null ? state : { ...state, budget: { ...state.budget, period, allowance_minor } };
}
