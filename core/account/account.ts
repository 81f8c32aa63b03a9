// One step of an account: what it was told goes in, what it records and what it tells others come out. Pure; whoever calls it makes the events
// durable before any message leaves, and hands in tokens that were never used before.

import { assert } from '../assert.ts';
import type { AccountEvent } from './account-event.ts';
import { type AccountState, unsharedMinor } from './account-state.ts';
import { receiveClose, receiveEnd } from './closed.ts';
import { fold } from './fold.ts';
import { giveToAbove } from './give-to-above.ts';
import { allOfIt } from './given-back.ts';
import type { Granted, Message, Recall, Returned, Token } from './message.ts';
import { receiveFunding } from './payments.ts';
import { receiveGranted } from './received.ts';
import { receiveReturned } from './returned.ts';
import { serveFirst } from './serve.ts';
import { receiveLimit, receiveOpening } from './set-up.ts';
import { noWork, type Wanted, type Work } from './work.ts';

export interface Account {
  readonly state: AccountState;
  readonly work: Work;
}

export type Command =
  | { readonly kind: 'fund'; readonly key: string; readonly amount_minor: number }
  | { readonly kind: 'withdraw'; readonly key: string; readonly amount_minor: number }
  | { readonly kind: 'set_limit'; readonly limit_minor: number }
  | { readonly kind: 'open_share'; readonly share: string; readonly holder: string }
  | { readonly kind: 'begin_period'; readonly period: number }
  | { readonly kind: 'close' }
  /** The bound on what a recall may take, its parent's answer with it, has passed. */
  | { readonly kind: 'time_up'; readonly recall: Token };

export type AccountInput = Exclude<Message, { kind: 'withdrawal' }> | Command;

export interface Stepped<Node, Event> {
  readonly node: Node;
  readonly events: readonly Event[];
  readonly messages: readonly Message[];
}

export function newAccount(state: AccountState): Account {
  return { state, work: noWork };
}

/** One step under way. */
export class Step {
  state: AccountState;
  work: Work;
  readonly events: AccountEvent[] = [];
  readonly messages: Message[] = [];
  readonly newToken: () => Token;

  constructor({ state, work }: Account, newToken: () => Token) {
    this.state = state;
    this.work = work;
    this.newToken = newToken;
  }

  record(event: AccountEvent | null): void {
    if (event === null) return;
    this.events.push(event);
    this.state = fold(this.state, event);
  }

  /** Asks the holders of these shares for `amountMinor` each; the totals that they are to reach. */
  callBack(shares: readonly string[], amountMinor: number, recall: Token): Record<string, number> {
    const calledFor: Record<string, number> = {};
    for (const share of shares) {
      const held = this.state.shares[share];
      assert(held !== undefined, 'money is called back from a holder');
      const { holder: to, granted_minor } = held;
      const returned_minor = Math.min(allOfIt, held.returned_minor + amountMinor);
      this.messages.push({ kind: 'recall', to, from: this.state.id, share, recall, granted_minor, returned_minor });
      calledFor[share] = returned_minor;
    }
    return calledFor;
  }

  /** All shares that somebody may have something of. */
  openShares(): string[] {
    return Object.entries(this.state.shares).flatMap(([share, { ended }]) => (ended ? [] : [share]));
  }
}

export function stepAccount(
  account: Account,
  input: AccountInput,
  newToken: () => Token,
): Stepped<Account, AccountEvent> {
  const step = new Step(account, newToken);
  take(step, input);
  goOn(step);
  return { node: { state: step.state, work: step.work }, events: step.events, messages: step.messages };
}

/**
 * What the parent calls back goes before whoever asks here: his money is wanted by somebody who asked earlier, and would be declined for money
 * that was only on its way.
 */
function goOn(step: Step): void {
  giveToAbove(step);
  while (step.work.above.length === 0 && serveFirst(step));
  end(step);
}

function take(step: Step, input: AccountInput): void {
  switch (input.kind) {
    case 'ask':
      step.record(receiveReturned(step.state, { ...input, granted_minor: 0, ended: false }));
      putInLine(step, { by: 'holder', ask: input });
      break;
    case 'withdraw':
      putInLine(step, { by: 'owner', key: input.key, amount_minor: input.amount_minor });
      break;
    case 'begin_period':
      putInLine(step, { by: 'period', period: input.period });
      break;
    case 'granted':
      takeAnswer(step, input);
      break;
    case 'recall':
      takeRecall(step, input);
      break;
    case 'returned':
      takeReturned(step, input);
      break;
    case 'time_up':
      giveUpWaiting(step, input.recall);
      break;
    case 'fund':
      step.record(receiveFunding(step.state, input).event);
      break;
    case 'set_limit':
      step.record(receiveLimit(step.state, input.limit_minor));
      break;
    case 'open_share':
      step.record(receiveOpening(step.state, input.share, input.holder));
      break;
    case 'close':
      beginToClose(step);
  }
}

function putInLine(step: Step, wanted: Wanted): void {
  const isThere = step.work.line.some((one) => JSON.stringify(one) === JSON.stringify(wanted));
  if (!isThere) step.work = { ...step.work, line: [...step.work.line, wanted] };
}

function takeAnswer(step: Step, { granted_minor, ask, returned_minor, heard_all }: Granted): void {
  step.record(receiveGranted(step.state.own, granted_minor));
  const { turn } = step.work;
  if (turn?.asked?.ask !== ask) return;
  step.work = { ...step.work, turn: { ...turn, asked: { ...turn.asked, answer: { returned_minor, heard_all } } } };
}

function takeRecall(step: Step, { granted_minor, recall, from, returned_minor }: Recall): void {
  step.record(receiveGranted(step.state.own, granted_minor));
  // What comes with the recall was granted for somebody here, before it was called for.
  goOn(step);
  if (step.work.above.some((one) => one.recall === recall)) return;
  const more = { recall, from, calledForMinor: returned_minor, own: null, waiting: [], heard_all: true };
  step.work = { ...step.work, above: [...step.work.above, more] };
}

function takeReturned(step: Step, message: Returned): void {
  const { share, recall, heard_all } = message;
  step.record(receiveReturned(step.state, message));
  const without = (waiting: readonly string[]) => waiting.filter((one) => one !== share);
  const { turn, above } = step.work;
  step.work = {
    ...step.work,
    turn:
      turn === null || turn.recall !== recall || !turn.waiting.includes(share)
        ? turn
        : { ...turn, waiting: without(turn.waiting), unheard: heard_all ? turn.unheard : [...turn.unheard, share] },
    above: above.map((one) =>
      one.own !== recall ? one : { ...one, waiting: without(one.waiting), heard_all: one.heard_all && heard_all },
    ),
  };
}

function giveUpWaiting(step: Step, recall: Token): void {
  const { turn, above } = step.work;
  if (turn?.recall === recall) {
    const asked =
      turn.asked === null || turn.asked.answer !== null
        ? turn.asked
        : { ...turn.asked, answer: { returned_minor: step.state.own.returned_minor, heard_all: false } };
    step.work = { ...step.work, turn: { ...turn, waiting: [], unheard: [...turn.unheard, ...turn.waiting], asked } };
  }
  step.work = {
    ...step.work,
    above: above.map((one) =>
      one.own !== recall ? one : { ...one, waiting: [], heard_all: one.heard_all && one.waiting.length === 0 },
    ),
  };
}

function beginToClose(step: Step): void {
  const event = receiveClose(step.state);
  if (event === null) return;
  step.record(event);
  step.callBack(step.openShares(), allOfIt, step.newToken());
}

/** What is still the account's own goes to its parent while it closes, whenever it comes back. */
function end(step: Step): void {
  const { source, status } = step.state;
  if (status !== 'closing') return;
  if (source.kind === 'parent') {
    const free = unsharedMinor(step.state) ?? 0;
    if (free > 0) step.record({ kind: 'given_back', returned_minor: step.state.own.returned_minor + free });
  }
  const event = receiveEnd(step.state);
  step.record(event);
  if (source.kind !== 'parent' || step.events.every(({ kind }) => kind !== 'given_back' && kind !== 'closed')) return;
  step.messages.push({
    ...{ kind: 'returned', to: source.parent, from: step.state.id, share: source.share },
    ...{ ...step.state.own, recall: null, heard_all: true, ended: event !== null },
  });
}
