// One account, step by step: the example of docs/shared-funds.md, and what is refused. Every order of such steps: `model.test.ts`.

import { describe, expect, test } from 'vitest';
import { type Account, type AccountInput, newAccount, stepAccount } from './account.ts';
import type { AccountEvent } from './account-event.ts';
import { newAccountState, type Source, unsharedMinor } from './account-state.ts';
import { type CardEvent, type CardInput, type HoldingCard, newCardShares } from './card-shares.ts';
import { foldCard, stepCard } from './card-step.ts';
import { fold } from './fold.ts';
import type { Message } from './message.ts';
import { receiveFunding } from './payments.ts';
import { receiveRefill } from './refilled.ts';

let tokens = 0;
const newToken = () => `t${++tokens}`;

function accountOf(source: Source, ...events: AccountEvent[]): Account {
  return newAccount(events.reduce(fold, newAccountState('A', source)));
}

function cardOf(id: string, ...events: CardEvent[]): HoldingCard {
  return { state: events.reduce(foldCard, newCardShares(id, id, 'A')), waiting: [] };
}

const prefunded = { kind: 'prefunded' } as const;
const funded = (amount_minor: number, key = 'first'): AccountEvent => ({ kind: 'funded', key, amount_minor });
const opened = (share: string): AccountEvent => ({ kind: 'share_opened', share, holder: share });
const granted = (share: string, granted_minor: number): AccountEvent => ({ kind: 'granted', share, granted_minor });
const returned = (share: string, returned_minor: number): AccountEvent => ({
  ...{ kind: 'returned', share, returned_minor, ended: false },
});

function step(account: Account, ...inputs: AccountInput[]): { node: Account; messages: Message[] } {
  return inputs.reduce<{ node: Account; messages: Message[] }>(
    (before, input) => {
      const { node, messages } = stepAccount(before.node, input, newToken);
      return { node, messages: [...before.messages, ...messages] };
    },
    { node: account, messages: [] },
  );
}

function only<Kind extends Message['kind']>(
  messages: readonly Message[],
  kind: Kind,
): Extract<Message, { kind: Kind }> {
  const [first] = messages.filter((message): message is Extract<Message, { kind: Kind }> => message.kind === kind);
  if (first === undefined) throw new Error(`no ${kind} was sent`);
  return first;
}

test('the example of the page: 200 are asked for where 130 are free, and another card has 100', () => {
  const account = accountOf(
    ...[prefunded, funded(480), opened('c'), granted('c', 500), returned('c', 120)],
    ...[opened('d'), granted('d', 180), returned('d', 80)],
  );
  expect(unsharedMinor(account.state)).toBe(0);
  const c = cardOf(
    'c',
    { kind: 'received', share: 'c', granted_minor: 500 },
    { kind: 'given_back', share: 'c', returned_minor: 120 },
    { kind: 'approved', share: 'c', request: 'before', amount_minor: 250 },
  );
  const d = cardOf(
    'd',
    { kind: 'received', share: 'd', granted_minor: 180 },
    { kind: 'given_back', share: 'd', returned_minor: 80 },
  );

  const asked = stepCard(c, { kind: 'request', request: 'r', amount_minor: 200, spare_minor: 0 }, newToken);
  expect(asked.messages).toMatchObject([{ kind: 'ask', needed_minor: 450 }]);
  const called = step(account, only(asked.messages, 'ask'));
  expect(called.messages).toMatchObject([{ kind: 'recall', to: 'd', returned_minor: 150 }]);
  const gave = stepCard(d, only(called.messages, 'recall'), newToken);
  expect(gave.messages).toMatchObject([{ kind: 'returned', returned_minor: 150 }]);
  const grants = step(called.node, only(gave.messages, 'returned'));
  expect(grants.messages).toMatchObject([{ kind: 'granted', to: 'c', granted_minor: 570 }]);
  const answer = only(grants.messages, 'granted');
  const decided = stepCard(asked.node, answer, newToken);
  expect(decided.decided).toEqual([{ request: 'r', outcome: 'approved' }]);
  // Each of them once more changes nothing.
  expect(stepCard(decided.node, answer, newToken)).toMatchObject({ node: decided.node, events: [], decided: [] });
  expect(step(grants.node, only(gave.messages, 'returned')).node.state).toEqual(grants.node.state);
  expect(stepCard(gave.node, only(called.messages, 'recall'), newToken).events).toEqual([]);
});

describe('a deposit', () => {
  const state = accountOf(prefunded, funded(5, 'k')).state;
  test.each([
    ['with a new key is funded', prefunded, 'n', 3, 'funded', true],
    ['repeated with its key and amount is answered alike, and changes nothing', prefunded, 'k', 5, 'funded', false],
    ['with that key and another amount is refused', prefunded, 'k', 6, 'key_reused', false],
    ['of nothing is refused', prefunded, 'n', 0, 'amount_invalid', false],
    ['below 0 is refused', prefunded, 'n', -1, 'amount_invalid', false],
    ['of half a minor unit is refused', prefunded, 'n', 0.5, 'amount_invalid', false],
    ['beyond what is exact is refused', prefunded, 'n', 2 ** 53, 'amount_invalid', false],
    [
      'to an account of a parent is refused',
      { kind: 'parent', parent: 'P', share: 'A' },
      'n',
      3,
      'not_its_money',
      false,
    ],
    ['where the network has the money is refused', { kind: 'network' }, 'n', 3, 'not_its_money', false],
  ] as const)('%s', (_, source, key, amount_minor, outcome, isEvent) => {
    const answer = receiveFunding({ ...state, source }, { key, amount_minor });
    expect([answer.outcome, answer.event !== null]).toEqual([outcome, isEvent]);
  });

  test.each(['constructor', '__proto__', 'toString'])('with the key %s is one like any other', (key) => {
    const after = step(newAccount(state), { kind: 'fund', key, amount_minor: 3 }).node.state;
    expect(after.funded_minor).toBe(8);
    const kept = JSON.parse(JSON.stringify(after)) as typeof after;
    expect(receiveFunding(kept, { key, amount_minor: 3 })).toEqual({ outcome: 'funded', event: null });
    expect(receiveFunding(kept, { key, amount_minor: 4 }).outcome).toBe('key_reused');
  });

  test('to an account that closes is refused', () => {
    expect(receiveFunding({ ...state, status: 'closing' }, { key: 'n', amount_minor: 1 }).outcome).toBe(
      'account_closed',
    );
  });
});

describe('a withdrawal', () => {
  const account = accountOf(prefunded, funded(5), opened('c'), granted('c', 4));
  const take = (amount_minor: number, key = 'out'): AccountInput => ({ kind: 'withdraw', key, amount_minor });
  const outcome = ({ messages }: { messages: Message[] }) => only(messages, 'withdrawal').outcome;
  const answer = ({ messages }: { messages: Message[] }, returned_minor: number): AccountInput => {
    const { recall, share, granted_minor } = only(messages, 'recall');
    const known = { kind: 'returned', to: 'A', from: 'c', heard_all: true, ended: false } as const;
    return { ...known, recall, share, granted_minor, returned_minor };
  };

  test('of what is unshared is made at once, and its repeat answered alike', () => {
    const first = step(account, take(1));
    expect(outcome(first)).toBe('withdrawn');
    const again = step(first.node, take(1));
    expect([outcome(again), again.node.state]).toEqual(['withdrawn', first.node.state]);
    expect(outcome(step(first.node, take(2)))).toBe('key_reused');
  });

  test('of what a card could spend calls it back first', () => {
    const called = step(account, take(3));
    expect(called.messages).toMatchObject([{ kind: 'recall', to: 'c', returned_minor: 2 }]);
    expect(called.node.state.withdrawn_minor).toBe(0);
    expect(outcome(step(called.node, answer(called, 2)))).toBe('withdrawn');
    const refused = step(called.node, answer(called, 1));
    expect([outcome(refused), refused.node.state.withdrawn_minor]).toEqual(['insufficient_funds', 0]);
  });

  test('is unreachable where the bound passes before the card has answered', () => {
    const called = step(account, take(3));
    const passed = step(called.node, { kind: 'time_up', recall: only(called.messages, 'recall').recall });
    expect([outcome(passed), passed.node.state.withdrawn_minor]).toEqual(['unreachable', 0]);
  });

  test.each([0, -1, 0.5, Number.NaN, 2 ** 53])('of %d is refused', (amount_minor) => {
    expect(outcome(step(account, take(amount_minor)))).toBe('amount_invalid');
  });
});

describe('a budget', () => {
  const state = [funded(1_000), opened('c'), granted('c', 260), opened('d'), granted('d', 40)].reduce(
    fold,
    newAccountState('A', prefunded, { amount_minor: 500, unspent: 'lapses' }),
  );

  test('counts what an unheard card may still have as spent in the new period', () => {
    expect(receiveRefill(state, 1, ['d'])).toMatchObject({ allowance_minor: 760 });
    expect(receiveRefill(state, 1, [])).toMatchObject({ allowance_minor: 800 });
  });

  test('begins a period once, and carries over what is unspent, of several periods too, where it is to be', () => {
    const carried = {
      ...state,
      budget: { amount_minor: 500, unspent: 'carried', allowance_minor: 500, period: 1 },
    } as const;
    expect(receiveRefill(carried, 3, [])).toMatchObject({ allowance_minor: 1_500 });
    expect(receiveRefill(carried, 1, [])).toBeNull();
  });
});

describe('an account that closes', () => {
  const card = (events: CardEvent[], ...inputs: CardInput[]) =>
    inputs.reduce(
      (before, input) => stepCard(before.node, input, newToken),
      stepCard(cardOf('c', ...events), { kind: 'close' }, newToken),
    );

  test('is closed once its card holds nothing any more, and what was left is withdrawn', () => {
    const account = accountOf(prefunded, funded(5), opened('c'), granted('c', 3));
    const closing = step(account, { kind: 'close' });
    expect(closing.messages).toMatchObject([{ kind: 'recall', to: 'c' }]);
    const events: CardEvent[] = [
      { kind: 'received', share: 'c', granted_minor: 3 },
      { kind: 'approved', share: 'c', request: 'r', amount_minor: 2 },
    ];
    const held = card(events);
    const heard = step(closing.node, only(held.messages, 'returned'));
    expect([heard.node.state.status, unsharedMinor(heard.node.state)]).toEqual(['closing', 3]);
    const released = card(events, { kind: 'release', share: 'c', request: 'r', amount_minor: 2 });
    const over = step(heard.node, only(released.messages, 'returned'), {
      kind: 'withdraw',
      key: 'rest',
      amount_minor: 5,
    });
    expect([over.node.state.status, unsharedMinor(over.node.state)]).toEqual(['closed', 0]);
  });
});
