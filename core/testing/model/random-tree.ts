// Trees of accounts and cards drawn at random, larger than every order of them could be walked through: up to four levels, and what happens to them.

import { newAccount } from '../../account/account.ts';
import { type AccountState, newAccountState } from '../../account/account-state.ts';
import { newCardShares } from '../../account/card-shares.ts';
import { fold } from '../../account/fold.ts';
import type { Scenario } from './scenarios.ts';
import { type Action, type Faults, noBooks } from './world.ts';

/** From 0, below 1. */
export type Random = () => number;

export interface Drawn extends Scenario {
  readonly requests: number;
}

export function randomTree(random: Random, actionsCount: number, faults: Faults): Drawn {
  const below = (end: number) => Math.floor(random() * end);
  const states: AccountState[] = [rootOf(below)];
  for (let more = below(5); more > 0; more--) {
    const parents = states.filter(({ id }) => depthOf(states, id) < 3);
    const parent = parents[below(parents.length)] as AccountState;
    const id = `a${states.length}`;
    put(states, fold(parent, { kind: 'share_opened', share: id, holder: id }));
    states.push(accountBelow(id, parent.id, below));
  }
  const cards = Array.from({ length: 2 + below(4) }, (_, index) => `c${index}`);
  const home = new Map(cards.map((card) => [card, (states[below(states.length)] as AccountState).id]));
  const spare = new Map<string, { share: string; account: string }[]>();
  for (const card of cards) {
    open(states, home.get(card) ?? '', card, card);
    spare.set(
      card,
      [1, 2].map((number) => {
        const account = (states[below(states.length)] as AccountState).id;
        open(states, account, `${card}.${number}`, card);
        return { share: `${card}.${number}`, account };
      }),
    );
  }
  const actions = Array.from({ length: actionsCount }, (_, index) => drawAction(index, states, cards, spare, below));
  return {
    ...{ name: 'random', says: 'drawn at random', actions },
    requests: actions.filter(({ does }) => does.kind === 'request').length,
    world: {
      accounts: Object.fromEntries(states.map((state) => [state.id, newAccount(state)])),
      cards: Object.fromEntries(
        cards.map((card) => [card, { state: newCardShares(card, card, home.get(card) ?? ''), waiting: [] }]),
      ),
      ...{ under_way: [], to_come: actions.map((_, index) => index), faults, books: noBooks, tokens: 0 },
    },
  };
}

type Below = (end: number) => number;

/** Where it is a credit line, its limit stays as it is: a lowered one is a scenario of its own. */
function rootOf(below: Below): AccountState {
  const kind = below(4);
  if (kind === 0) return newAccountState('a0', { kind: 'credit', limit_minor: 50 + below(400) });
  if (kind === 1) {
    const state = newAccountState('a0', { kind: 'network' }, { amount_minor: 300, unspent: 'carried' });
    return fold(state, { kind: 'refilled', period: 1, allowance_minor: 300 });
  }
  const state = newAccountState('a0', { kind: 'prefunded' });
  return fold(state, { kind: 'funded', key: 'first', amount_minor: 100 + below(600) });
}

function accountBelow(id: string, parent: string, below: Below): AccountState {
  const unspent = (['lapses', 'carried', null, null] as const)[below(4)] ?? null;
  const amount_minor = 60 + below(300);
  const source = { kind: 'parent', parent, share: id } as const;
  const state = newAccountState(id, source, unspent === null ? null : { amount_minor, unspent });
  return unspent === null ? state : fold(state, { kind: 'refilled', period: 1, allowance_minor: amount_minor });
}

function depthOf(states: readonly AccountState[], id: string): number {
  const source = states.find((state) => state.id === id)?.source;
  return source?.kind === 'parent' ? 1 + depthOf(states, source.parent) : 0;
}

function put(states: AccountState[], state: AccountState): void {
  states[states.findIndex(({ id }) => id === state.id)] = state;
}

function open(states: AccountState[], account: string, share: string, holder: string): void {
  const state = states.find(({ id }) => id === account);
  if (state !== undefined) put(states, fold(state, { kind: 'share_opened', share, holder }));
}

function drawAction(
  index: number,
  states: readonly AccountState[],
  cards: readonly string[],
  spare: ReadonlyMap<string, { share: string; account: string }[]>,
  below: Below,
): Action {
  const card = cards[below(cards.length)] ?? '';
  const account = states[below(states.length)] as AccountState;
  const what = below(100);
  if (what < 45)
    return {
      on: card,
      does: { kind: 'request', request: `r${index}`, amount_minor: 1 + below(90), spare_minor: below(2) * below(200) },
    };
  const request = `r${below(index + 1)}`;
  // Of a request that is none, or whose card is another, nothing is found, and nothing happens.
  if (what < 65) return { on: '', does: { kind: 'reversal', request } };
  if (what < 78) return { on: '', does: { kind: 'clearing', request } };
  if (what < 84) return { on: card, does: { kind: 'return_idle', keep_minor: below(40) } };
  if (what < 88) return { on: 'a0', does: { kind: 'fund', key: `f${index}`, amount_minor: 1 + below(100) } };
  if (what < 93) return { on: 'a0', does: { kind: 'withdraw', key: `w${index}`, amount_minor: 1 + below(200) } };
  if (what < 97) return { on: account.id, does: { kind: 'begin_period', period: 2 + Math.floor(index / 20) } };
  const next = spare.get(card)?.pop();
  if (next !== undefined) return { on: card, does: { kind: 'move', ...next } };
  return { on: card, does: { kind: 'return_idle', keep_minor: 0 } };
}
