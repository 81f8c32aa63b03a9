// An account gives its parent what it calls back: what is unshared at once, the rest when its own holders have answered. It does not wait for
// what it asked of its parent itself: that may be waiting for this very answer.

import type { Step } from './account.ts';
import { unsharedMinor } from './account-state.ts';
import { receiveRecall } from './given-back.ts';
import type { FromAbove } from './work.ts';

export function giveToAbove(step: Step): void {
  const before = step.work.above;
  const after: FromAbove[] = [];
  for (const one of before) {
    const still = give(step, one);
    if (still !== null) after.push(still);
  }
  step.work = { ...step.work, above: after };
}

/** Null: it is answered. */
function give(step: Step, one: FromAbove): FromAbove | null {
  const { source, own } = step.state;
  if (source.kind !== 'parent') return null;
  step.record(receiveRecall(own, one.calledForMinor, unsharedMinor(step.state) ?? 0));
  const lacking = one.calledForMinor - step.state.own.returned_minor;
  if (lacking > 0 && one.own === null) {
    const asked = { ...one, own: step.newToken(), waiting: step.openShares() };
    step.callBack(asked.waiting, lacking, asked.own);
    if (asked.waiting.length > 0) return asked;
  } else if (lacking > 0 && one.waiting.length > 0) return one;
  step.messages.push({
    ...{ kind: 'returned', to: source.parent, from: step.state.id, share: source.share, recall: one.recall },
    ...step.state.own,
    heard_all: one.heard_all || lacking <= 0,
    ended: step.state.status === 'closed',
  });
  return null;
}
