// What must hold in every world that the protocol can come to.

import { fundsMinor } from '../../account/account-state.ts';
import type { Decided } from '../../account/card-shares.ts';
import { potsOf, spentBelow } from './money.ts';
import type { World } from './world.ts';

export const laws = {
  funds_conserved: 'funded = unshared + Σ under way + Σ shares + Σ holds + Σ cleared, and none of them is below 0',
  never_overspent: 'what is held and cleared below an account is within its funds',
  budget_kept: 'what is spent since a period began is within the amount of the budget, where what is unspent lapses',
  answered_is_durable: 'what was answered as approved is held or cleared by its card',
  no_false_decline: 'no card is declined for money that the tree had all the time, without what others spent meanwhile',
  everybody_is_answered:
    'where nothing is lost, nobody crashes and no bound passes, every purchase and withdrawal is answered',
  few_asks: 'a purchase asks again only where others changed what it needs',
} as const;
export type Law = keyof typeof laws;

export interface Violation {
  readonly law: Law;
  readonly differs: string;
}

/** By one purchase, for each card there is: each time that it asks again, somebody else had spent, called back or moved something. */
const asksPerCardMax = 8;

/** `only`: of one law, to see that it is broken too where another is broken earlier. */
export function violationIn(world: World, only: Law | null): Violation | null {
  for (const look of [overspent, notConserved, budgetViolation, bookViolation, waitingViolation]) {
    const violation = look(world);
    if (violation !== null && (only === null || violation.law === only)) return violation;
  }
  return null;
}

/** A credit line that was lowered may have more spent than it is now; then nothing more is granted. */
function overspent(world: World): Violation | null {
  for (const { state } of Object.values(world.accounts)) {
    const funds = fundsMinor(state);
    if (funds === null || state.source.kind === 'credit') continue;
    const spent = spentBelow(world, state.id);
    if (spent > funds)
      return { law: 'never_overspent', differs: `${spent} spent below ${state.id}, whose funds are ${funds}` };
  }
  return null;
}

function notConserved(world: World): Violation | null {
  for (const { state } of Object.values(world.accounts)) {
    const funds = fundsMinor(state);
    if (funds === null || state.source.kind === 'parent') continue;
    const lowered = state.source.kind === 'credit';
    const pots = potsOf(world, state.id);
    const negative = pots.find(({ what, amount_minor }) => amount_minor < 0 && !(lowered && what.endsWith('unshared')));
    if (negative !== undefined)
      return { law: 'funds_conserved', differs: `${negative.what} is ${negative.amount_minor}` };
    const sum = pots.reduce((all, { amount_minor }) => all + amount_minor, 0);
    if (sum !== funds) return { law: 'funds_conserved', differs: `${funds} funded, ${sum} are there` };
  }
  return null;
}

function budgetViolation(world: World): Violation | null {
  for (const { state } of Object.values(world.accounts)) {
    const before = world.books.spentBefore[state.id];
    if (state.budget?.unspent !== 'lapses' || before === undefined) continue;
    const spent = spentBelow(world, state.id) - before;
    if (spent > state.budget.amount_minor)
      return { law: 'budget_kept', differs: `${spent} spent of ${state.budget.amount_minor} below ${state.id}` };
  }
  return null;
}

function bookViolation({ books, cards }: World): Violation | null {
  for (const { state } of Object.values(cards)) {
    const answered = Object.values(books.approvals)
      .filter(({ card, is }) => card === state.id && is !== 'released')
      .reduce((sum, { amount_minor }) => sum + amount_minor, 0);
    const spent = state.shares.reduce((sum, { spent_minor }) => sum + spent_minor, 0);
    if (answered > spent)
      return { law: 'answered_is_durable', differs: `${answered} answered by ${state.id}, which knows of ${spent}` };
  }
  return null;
}

function waitingViolation({ books, cards, under_way }: World): Violation | null {
  const asksMax = asksPerCardMax * Object.keys(cards).length;
  for (const [request, { asks }] of Object.entries(books.open)) {
    if (asks > asksMax) return { law: 'few_asks', differs: `${request} has asked ${asks} times` };
    if (under_way.length === 0 && !books.isDisturbed)
      return { law: 'everybody_is_answered', differs: `${request} waits, and nothing is under way` };
  }
  const withdrawal = Object.entries(books.withdrawals).find(([, outcome]) => outcome === 'open');
  if (withdrawal === undefined || under_way.length > 0 || books.isDisturbed) return null;
  return { law: 'everybody_is_answered', differs: `${withdrawal[0]} waits, and nothing is under way` };
}

/** Of an answer, at the moment it is given. */
export function falseDecline(world: World, { request, outcome }: Decided): Violation | null {
  const open = world.books.open[request];
  if (outcome !== 'insufficient_funds' || open === undefined) return null;
  const steady = Math.min(...Object.values(open.steadyMinor));
  if (steady < open.amount_minor) return null;
  return {
    law: 'no_false_decline',
    differs: `${request} of ${open.amount_minor} is declined, where ${steady} were there all the time`,
  };
}
