// In steady state a purchase asks nobody, and shares that are large keep no money from whoever needs it.

import { expect, test } from 'vitest';
import { newAccount, stepAccount } from './account.ts';
import { newAccountState, unsharedMinor } from './account-state.ts';
import { type HoldingCard, newCardShares } from './card-shares.ts';
import { stepCard } from './card-step.ts';
import { fold } from './fold.ts';
import type { Message } from './message.ts';
import { spareMinor, usualAfter } from './share-size.ts';

test.each([
  [null, 800, 800],
  [800, 8_000, 1_700],
  [800, 800, 800],
  [1, 1, 1],
  [800, 1, 701],
])('what is usual: %s, then a purchase of %i: %i', (usual, amount, after) => {
  expect(usualAfter(usual, amount)).toBe(after);
});

/** An account and its cards, where each message arrives at once. */
class Company {
  asks = 0;
  decisions = 0;
  #tokens = 0;
  #account = newAccount(newAccountState('A', { kind: 'prefunded' }));
  readonly #cards = new Map<string, { card: HoldingCard; usual: number | null }>();
  readonly #newToken = () => `t${++this.#tokens}`;

  constructor(fundedMinor: number, cards: number) {
    let { state } = this.#account;
    state = fold(state, { kind: 'funded', key: 'first', amount_minor: fundedMinor });
    for (let index = 0; index < cards; index++) {
      const id = `c${index}`;
      state = fold(state, { kind: 'share_opened', share: id, holder: id });
      this.#cards.set(id, { card: { state: newCardShares(id, id, 'A'), waiting: [] }, usual: null });
    }
    this.#account = newAccount(state);
  }

  get unsharedMinor(): number {
    return unsharedMinor(this.#account.state) ?? 0;
  }

  purchase(id: string, amount_minor: number): string | undefined {
    const usual = usualAfter(this.#cards.get(id)?.usual ?? null, amount_minor);
    const request = `r${++this.decisions}`;
    const outcomes = this.#tell(id, { kind: 'request', request, amount_minor, spare_minor: spareMinor(usual) });
    const known = this.#cards.get(id);
    if (known !== undefined) this.#cards.set(id, { ...known, usual });
    return outcomes.find((one) => one.request === request)?.outcome;
  }

  #tell(id: string, input: Parameters<typeof stepCard>[1]): ReturnType<typeof stepCard>['decided'] {
    const known = this.#cards.get(id);
    if (known === undefined) throw new Error(`there is no card ${id}`);
    const { node, messages, decided } = stepCard(known.card, input, this.#newToken);
    this.#cards.set(id, { ...known, card: node });
    this.asks += messages.filter(({ kind }) => kind === 'ask').length;
    return [...decided, ...messages.flatMap((message) => this.#deliver(message))];
  }

  #deliver(message: Message): ReturnType<typeof stepCard>['decided'] {
    if (message.kind === 'granted' || message.kind === 'recall') return this.#tell(message.to, message);
    if (message.kind === 'withdrawal') return [];
    const { node, messages } = stepAccount(this.#account, message, this.#newToken);
    this.#account = node;
    return [...messages].flatMap((one) => this.#deliver(one));
  }
}

test('20 cards of unlike size: one purchase in 50 asks, after the first ones', () => {
  const company = new Company(100_000_000, 20);
  const buy = (times: number) => {
    for (let turn = 0; turn < times; turn++)
      for (let index = 0; index < 20; index++)
        expect(company.purchase(`c${index}`, 100 * (index + 1) + ((turn * 37) % 100))).toBe('approved');
  };
  buy(50);
  const before = { asks: company.asks, decisions: company.decisions };
  buy(500);
  expect((company.asks - before.asks) / (company.decisions - before.decisions)).toBeLessThanOrEqual(0.02);
});

test('where one card has all of the money in its share, the other is approved to the last unit', () => {
  const company = new Company(1_000, 2);
  expect(company.purchase('c0', 100)).toBe('approved');
  expect(company.unsharedMinor).toBe(0);
  expect(company.purchase('c1', 900)).toBe('approved');
  expect(company.purchase('c0', 1)).toBe('insufficient_funds');
});
