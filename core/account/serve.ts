// Serves the first in an account's line: from what is unshared; else from what others give back; else from the account's parent; else with
// what there is. Whoever is further back waits, since money that was called back for the first would otherwise go to somebody else.

import type { Step } from './account.ts';
import { type AccountState, roomMinor, unsharedMinor } from './account-state.ts';
import { allOfIt } from './given-back.ts';
import { lackingMinor, receiveAsk } from './granted.ts';
import type { Ask, Withdrawal } from './message.ts';
import { receiveWithdrawal } from './payments.ts';
import { budgetDue, receiveRefill } from './refilled.ts';
import { outMinor } from './share.ts';
import type { Wanted } from './work.ts';

/** False: the line is empty, or its first has to wait. */
export function serveFirst(step: Step): boolean {
  const [first, ...line] = step.work.line;
  if (first === undefined || !isServed(step, first)) return false;
  step.work = { ...step.work, line, turn: null };
  return true;
}

function isServed(step: Step, wanted: Wanted): boolean {
  switch (wanted.by) {
    case 'holder':
      return serveHolder(step, wanted.ask);
    case 'owner':
      return serveOwner(step, wanted);
    case 'period':
      return servePeriod(step, wanted.period);
  }
}

function serveHolder(step: Step, ask: Ask): boolean {
  const held = step.state.shares[ask.share];
  const mayHave = held !== undefined && !held.ended && step.state.status === 'open';
  if (mayHave) {
    const lacking = lackingMinor(step.state, ask);
    if (lacking > 0 && isWaiting(step, lacking, ask.share)) return false;
    if (lackingMinor(step.state, ask) > 0 && isWaitingForParent(step, ask)) return false;
  }
  const isEnough = mayHave && lackingMinor(step.state, ask) <= 0;
  step.record(receiveAsk(step.state, ask));
  const after = step.state.shares[ask.share];
  step.messages.push({
    ...{ kind: 'granted', to: ask.from, from: step.state.id, share: ask.share, ask: ask.ask },
    granted_minor: after?.granted_minor ?? 0,
    returned_minor: after?.returned_minor ?? 0,
    heard_all: mayHave ? isEnough || hasHeardAll(step) : held !== undefined,
  });
  return true;
}

function serveOwner(step: Step, { key, amount_minor }: Extract<Wanted, { by: 'owner' }>): boolean {
  const { outcome, event, lacking_minor } = receiveWithdrawal(step.state, { key, amount_minor });
  if (lacking_minor > 0 && isWaiting(step, lacking_minor, null)) return false;
  step.record(event);
  const answer = outcome === 'insufficient_funds' && !hasHeardAll(step) ? 'unreachable' : outcome;
  const withdrawal: Withdrawal = { kind: 'withdrawal', to: 'owner', from: step.state.id, key, outcome: answer };
  step.messages.push(withdrawal);
  return true;
}

function servePeriod(step: Step, period: number): boolean {
  const budget = budgetDue(step.state, period);
  if (budget?.unspent === 'lapses' && isWaiting(step, allOfIt, null)) return false;
  step.record(receiveRefill(step.state, period, step.work.turn?.unheard ?? []));
  return true;
}

/**
 * Calls back `amountMinor` from each holder but one; whether one of them still has to answer. Where all have, and it is lacking still, somebody took
 * some of it (the parent called 8 of 13 back meanwhile): those that gave all they were called upon for are asked again, since they may have more.
 */
function isWaiting(step: Step, amountMinor: number, but: string | null): boolean {
  const { turn } = step.work;
  if (turn !== null && turn.waiting.length > 0) return true;
  const shares = step.openShares().filter((share) => share !== but && mayHaveMore(step, share));
  if (shares.length === 0 && turn !== null) return false;
  const recall = step.newToken();
  const calledForMinor = { ...turn?.calledForMinor, ...step.callBack(shares, amountMinor, recall) };
  step.work = {
    ...step.work,
    turn: { ...(turn ?? { unheard: [], asked: null }), recall, waiting: shares, calledForMinor },
  };
  return shares.length > 0;
}

function mayHaveMore({ state, work: { turn } }: Step, share: string): boolean {
  const calledFor = turn?.calledForMinor[share];
  return calledFor === undefined || (state.shares[share]?.returned_minor ?? 0) >= calledFor;
}

/** Asks the account's parent for what is lacking, as far as the budget lets it be used; whether its answer has to be waited for. */
function isWaitingForParent(step: Step, wanted: Ask): boolean {
  const { turn } = step.work;
  const { source, own, id } = step.state;
  const useful = usefulMinor(step.state, wanted);
  if (turn === null || source.kind !== 'parent' || useful <= 0) return false;
  const needed_minor = outMinor(own) + useful;
  const { asked } = turn;
  if (asked !== null) {
    if (asked.answer === null) return true;
    // The last word, unless it was about less than is needed now, or did not know of what was given back meanwhile.
    const isLast = asked.answer.returned_minor === own.returned_minor && needed_minor <= asked.needed_minor;
    if (isLast || !asked.answer.heard_all) return false;
  }
  const ask = step.newToken();
  step.work = { ...step.work, turn: { ...turn, asked: { ask, needed_minor, answer: null } } };
  step.messages.push({
    ...{ kind: 'ask', to: source.parent, from: id, share: source.share, ask },
    ...{ returned_minor: own.returned_minor, needed_minor, wished_minor: needed_minor },
  });
  return true;
}

function usefulMinor(state: AccountState, { share, needed_minor }: Ask): number {
  const held = state.shares[share];
  const more = needed_minor - (held === undefined ? 0 : outMinor(held));
  return Math.min(more, roomMinor(state) ?? more) - (unsharedMinor(state) ?? more);
}

/** Whether all who may have had money were heard. What could be granted at once asks nobody. */
function hasHeardAll({ work: { turn } }: Step): boolean {
  return turn === null || (turn.unheard.length === 0 && turn.asked?.answer?.heard_all !== false);
}
