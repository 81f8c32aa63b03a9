// Small trees and what happens to them: each small enough that every order of it can be walked through.

import { newAccount } from '../../account/account.ts';
import type { AccountEvent } from '../../account/account-event.ts';
import { type AccountState, type Budget, newAccountState, type Source } from '../../account/account-state.ts';
import { type CardEvent, newCardShares } from '../../account/card-shares.ts';
import { foldCard } from '../../account/card-step.ts';
import { fold } from '../../account/fold.ts';
import { type Action, type Faults, noBooks, type World } from './world.ts';

export interface Scenario {
  readonly name: string;
  readonly says: string;
  readonly world: World;
  readonly actions: readonly Action[];
}

interface AccountPlan {
  readonly source?: Source;
  readonly budget?: Pick<Budget, 'amount_minor' | 'unspent'>;
  readonly events: readonly AccountEvent[];
}

interface CardPlan {
  readonly account: string;
  readonly events?: readonly CardEvent[];
}

interface Plan {
  readonly says: string;
  readonly accounts: Readonly<Record<string, AccountPlan>>;
  readonly cards: Readonly<Record<string, CardPlan>>;
  readonly actions: readonly Action[];
}

export const noFaults: Faults = { lose: 0, repeat: 0, crash: 0, time_up: 0 };

const funded = (amount_minor: number): AccountEvent => ({ kind: 'funded', key: 'first', amount_minor });
const opened = (share: string, holder = share): AccountEvent => ({ kind: 'share_opened', share, holder });
const granted = (share: string, granted_minor: number): AccountEvent => ({ kind: 'granted', share, granted_minor });
const received = (share: string, granted_minor: number): CardEvent => ({ kind: 'received', share, granted_minor });
const asks = (on: string, request: string, amount_minor: number): Action => ({
  on,
  does: { kind: 'request', request, amount_minor, spare_minor: 0 },
});
const below = (parent: string, share: string): Source => ({ kind: 'parent', parent, share });

const plans: Readonly<Record<string, Plan>> = {
  two_cards: {
    says: 'an account of 3, two cards that want 2 each, one of which gives up what it got',
    accounts: { A: { events: [funded(3), opened('c'), opened('d')] } },
    cards: { c: { account: 'A' }, d: { account: 'A' } },
    actions: [asks('c', 'c1', 2), asks('d', 'd1', 2), { on: 'c', does: { kind: 'reversal', request: 'c1' } }],
  },
  each_has_the_other_s: {
    says: 'two cards with 1 each and an account with nothing; each of them wants 2',
    accounts: { A: { events: [funded(2), opened('c'), opened('d'), granted('c', 1), granted('d', 1)] } },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'A', events: [received('d', 1)] } },
    actions: [asks('c', 'c1', 2), asks('d', 'd1', 2), { on: 'd', does: { kind: 'return_idle', keep_minor: 0 } }],
  },
  one_card_twice: {
    says: 'one card that is asked for 2 and for 1 at once, beside one that has 2',
    accounts: { A: { events: [funded(3), opened('c'), opened('d'), granted('d', 2)] } },
    cards: { c: { account: 'A' }, d: { account: 'A', events: [received('d', 2)] } },
    actions: [asks('c', 'c1', 2), asks('c', 'c2', 1), asks('d', 'd1', 1)],
  },
  two_turns: {
    says: 'money is called back of a card twice, and between them a purchase of it is reversed',
    accounts: { A: { events: [funded(3), opened('c'), opened('d'), opened('e'), granted('d', 1), granted('e', 1)] } },
    cards: {
      c: { account: 'A' },
      d: { account: 'A', events: [received('d', 1)] },
      e: { account: 'A', events: [received('e', 1)] },
    },
    actions: [
      asks('e', 'e1', 1),
      { on: 'e', does: { kind: 'reversal', request: 'e1' } },
      asks('c', 'c1', 2),
      asks('c', 'c2', 1),
    ],
  },
  withdrawal: {
    says: 'money is withdrawn that a card could still spend',
    accounts: { A: { events: [funded(3), opened('c'), opened('d'), granted('c', 2)] } },
    cards: { c: { account: 'A', events: [received('c', 2)] }, d: { account: 'A' } },
    actions: [
      asks('c', 'c1', 2),
      asks('d', 'd1', 1),
      { on: 'A', does: { kind: 'withdraw', key: 'out', amount_minor: 3 } },
    ],
  },
  under_a_parent: {
    says: 'an account under a parent, with a card at each of them',
    accounts: {
      P: { events: [funded(3), opened('A'), opened('d'), granted('A', 1)] },
      A: { source: below('P', 'A'), events: [{ kind: 'received', granted_minor: 1 }, opened('c')] },
    },
    cards: { c: { account: 'A' }, d: { account: 'P' } },
    actions: [asks('c', 'c1', 2), asks('d', 'd1', 2), { on: 'c', does: { kind: 'reversal', request: 'c1' } }],
  },
  two_under_a_parent: {
    says: 'two accounts under a parent that has nothing left; the card of each has 1 and wants 2',
    accounts: {
      P: { events: [funded(2), opened('A'), opened('B'), granted('A', 1), granted('B', 1)] },
      A: { source: below('P', 'A'), events: [{ kind: 'received', granted_minor: 1 }, opened('c'), granted('c', 1)] },
      B: { source: below('P', 'B'), events: [{ kind: 'received', granted_minor: 1 }, opened('d'), granted('d', 1)] },
    },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'B', events: [received('d', 1)] } },
    actions: [asks('c', 'c1', 2), asks('d', 'd1', 2)],
  },
  taken_from_above: {
    says: 'what is called back below an account for one card is called back by its parent for another',
    accounts: {
      P: { events: [funded(3), opened('A'), opened('d'), granted('A', 3)] },
      A: {
        source: below('P', 'A'),
        events: [{ kind: 'received', granted_minor: 3 }, opened('c'), opened('e'), granted('e', 3)],
      },
    },
    cards: { c: { account: 'A' }, d: { account: 'P' }, e: { account: 'A', events: [received('e', 3)] } },
    actions: [asks('c', 'c1', 2), asks('d', 'd1', 1)],
  },
  move: {
    says: 'a card with money held goes to another account while it asks, and while its money is called back',
    accounts: {
      A: { events: [funded(2), opened('c'), opened('d'), granted('c', 1)] },
      B: { events: [funded(1), opened('c2', 'c')] },
    },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'A' } },
    actions: [
      asks('c', 'c1', 1),
      asks('d', 'd1', 2),
      { on: 'c', does: { kind: 'move', share: 'c2', account: 'B' } },
      asks('c', 'c2', 1),
      { on: 'c', does: { kind: 'reversal', request: 'c1' } },
    ],
  },
  budget: {
    says: 'a budget of 2 a period, of which nothing is carried over, under a parent that has 4; a card has 1 of it left',
    accounts: {
      P: { events: [funded(4), opened('A'), granted('A', 1)] },
      A: {
        source: below('P', 'A'),
        budget: { amount_minor: 2, unspent: 'lapses' },
        events: [
          { kind: 'received', granted_minor: 1 },
          { kind: 'refilled', period: 1, allowance_minor: 2 },
          opened('c'),
          opened('d'),
          granted('c', 1),
        ],
      },
    },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'A' } },
    actions: [asks('c', 'c1', 1), asks('d', 'd1', 2), { on: 'A', does: { kind: 'begin_period', period: 2 } }],
  },
  credit: {
    says: 'a credit line of 2 that is lowered to 1 and paid back',
    accounts: {
      A: { source: { kind: 'credit', limit_minor: 2 }, events: [opened('c'), opened('d'), granted('c', 1)] },
    },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'A' } },
    actions: [
      asks('c', 'c1', 1),
      asks('d', 'd1', 2),
      { on: 'A', does: { kind: 'set_limit', limit_minor: 1 } },
      { on: 'A', does: { kind: 'fund', key: 'back', amount_minor: 1 } },
    ],
  },
  close: {
    says: 'an account under a parent is closed while its card has a share, holds and asks',
    accounts: {
      P: { events: [funded(2), opened('A'), opened('d'), granted('A', 2)] },
      A: { source: below('P', 'A'), events: [{ kind: 'received', granted_minor: 2 }, opened('c'), granted('c', 1)] },
    },
    cards: { c: { account: 'A', events: [received('c', 1)] }, d: { account: 'P' } },
    actions: [
      asks('c', 'c1', 1),
      { on: 'A', does: { kind: 'close' } },
      { on: 'c', does: { kind: 'close' } },
      { on: 'c', does: { kind: 'reversal', request: 'c1' } },
      asks('d', 'd1', 2),
    ],
  },
};

export const scenarioNames = Object.keys(plans);
export const scenarioSays = Object.fromEntries(Object.entries(plans).map(([name, { says }]) => [name, says]));

export function scenario(name: string, faults: Faults = noFaults): Scenario {
  const plan = plans[name];
  if (plan === undefined) throw new Error(`no scenario is called ${name}; there are: ${scenarioNames.join(', ')}`);
  const accounts = Object.entries(plan.accounts).map(([id, one]) => [id, newAccount(stateOf(id, one))] as const);
  const cards = Object.entries(plan.cards).map(([id, { account, events = [] }]) => {
    const state = events.reduce(foldCard, newCardShares(id, id, account));
    return [id, { state, waiting: [] }] as const;
  });
  const world: World = {
    accounts: Object.fromEntries(accounts),
    cards: Object.fromEntries(cards),
    ...{ under_way: [], to_come: plan.actions.map((_, index) => index), faults, books: noBooks, tokens: 0 },
  };
  return { name, says: plan.says, world, actions: plan.actions };
}

function stateOf(id: string, { source = { kind: 'prefunded' }, budget, events }: AccountPlan): AccountState {
  return events.reduce(fold, newAccountState(id, source, budget ?? null));
}
