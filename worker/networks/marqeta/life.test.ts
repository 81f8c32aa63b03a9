// Whole lives in Marqeta's words, through the worker's door and real objects: whatever Marqeta names an authorization by, the
// same hold answers, in any order.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Profile } from '../../../contracts/profile.ts';
import { limitPerDay, profile } from '../../../core/testing/samples.ts';
import {
  type GatewayInput,
  gatewayMessage,
  type TransactionInput,
  webhookMessage,
} from '../../../scripts/marqeta-messages.ts';
import { cardAt, newToken, postMarqeta } from '../../testing/calls.ts';

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined); // What is ignored is logged.
});

/** Seconds count up with each message, so that what comes later happened later. */
let second = 0;
const stamped = (text: string) =>
  text.replace(
    /"created_time":"[^"]*"/,
    `"created_time":"${new Date(Date.UTC(2026, 2, 4) + 1_000 * ++second).toISOString()}"`,
  );

async function newCard(changes: Partial<Profile> = {}) {
  const cardToken = newToken();
  const key = (name: string) => `${name}-${cardToken}`;
  await cardAt('marqeta', cardToken).putProfile(profile({ funds_minor: 100_000, ...changes }));
  const named = <T extends { precedingToken?: string }>({ precedingToken, ...input }: T) => ({
    ...input,
    ...(precedingToken === undefined ? {} : { precedingToken: key(precedingToken) }),
    cardToken,
  });
  return {
    /** Asks, under a transaction token of this name. */
    ask: async (name: string, input: Omit<GatewayInput, 'cardToken' | 'transactionToken'>) => {
      const tokens = { transactionToken: key(name), jitToken: key(`jit-${name}`) };
      return (await postMarqeta('gateway', stamped(gatewayMessage({ ...named(input), ...tokens })))).status;
    },
    /** The text of a webhook, to be sent now or later. */
    word: (name: string, input: Omit<TransactionInput, 'cardToken' | 'token'>) =>
      stamped(webhookMessage({ ...named(input), token: key(name) })),
    tell: async (...words: string[]) => {
      for (const word of words) expect((await postMarqeta('webhook', word)).status).toBe(200);
    },
    giveUp: (name: string) => cardAt('marqeta', cardToken).void(key(`jit-${name}`)),
    read: () => cardAt('marqeta', cardToken).read(),
    /** To which authorization each event belongs, the profile's left out. */
    lives: async () => {
      const { events } = (await cardAt('marqeta', cardToken).eventsAfter(1)) as {
        events: { authorization_id?: string }[];
      };
      return events.map(({ authorization_id }) => authorization_id);
    },
  };
}
const incremental = 'pgfs.authorization.incremental';

describe('an increment', () => {
  test('adds to the hold; a clearing that names the increment finds the whole', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '100' });
    expect(await card.ask('second', { amount: '20', method: incremental, precedingToken: 'first' })).toBe(200);
    expect(await card.read()).toMatchObject({ held_minor: 12_000, open_authorizations: 1 });
    // The next one names the last one, as Marqeta's chains do.
    expect(await card.ask('third', { amount: '5', method: incremental, precedingToken: 'second' })).toBe(200);
    expect(await card.read()).toMatchObject({ held_minor: 12_500, open_authorizations: 1 });
    await card.tell(card.word('c', { type: 'authorization.clearing', amount: '125', precedingToken: 'third' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 12_500, open_authorizations: 0 });
  });

  test('is decided like any request: declined, it leaves the hold as it was', async () => {
    const card = await newCard({ controls: [limitPerDay(11_000)] });
    await card.ask('first', { amount: '100' });
    expect(await card.ask('second', { amount: '20', method: incremental, precedingToken: 'first' })).toBe(402);
    expect(await card.read()).toMatchObject({ held_minor: 10_000 });
  });
});

describe('an advice', () => {
  test('400 become 300; a clearing that names the advice finds the life', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '400' });
    const advised = { amount: '300', released: '100', precedingToken: 'first' };
    await card.tell(card.word('a', { type: 'authorization.advice', ...advised }));
    expect(await card.read()).toMatchObject({ held_minor: 30_000, available_minor: 70_000 });
    await card.tell(card.word('c', { type: 'authorization.clearing', amount: '300', precedingToken: 'a' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 30_000, open_authorizations: 0 });
  });

  test('that comes after the clearing which names it changes nothing any more', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '400' });
    const advised = { amount: '300', released: '100', precedingToken: 'first' };
    const advice = card.word('a', { type: 'authorization.advice', ...advised });
    const clearing = card.word('c', { type: 'authorization.clearing', amount: '300', precedingToken: 'a' });
    await card.tell(clearing, advice, advice, clearing);
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 30_000, open_authorizations: 0 });
  });
});

describe('stand-in while we were away', () => {
  test('is held, though no request ever came, and cleared', async () => {
    const card = await newCard();
    await card.tell(card.word('s', { type: 'authorization.standin', amount: '50' }));
    expect(await card.read()).toMatchObject({ held_minor: 5_000, open_authorizations: 1 });
    await card.tell(card.word('c', { type: 'authorization.clearing', amount: '50', precedingToken: 's' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 5_000, open_authorizations: 0 });
  });

  test('heard of after its clearing, it holds nothing', async () => {
    const card = await newCard();
    const standIn = card.word('s', { type: 'authorization.standin', amount: '50' });
    await card.tell(card.word('c', { type: 'authorization.clearing', amount: '50', precedingToken: 's' }), standIn);
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 5_000 });
  });

  test('by Marqeta, after an approval of ours that came too late and was given up: its hold stands', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '50' });
    await card.giveUp('first');
    expect(await card.read()).toMatchObject({ held_minor: 0 });
    const { transactions } = JSON.parse(card.word('first', { type: 'authorization', amount: '50' }));
    const gateway_log = { timed_out: true };
    const stoodIn = { standin_approved_by: 'COMMANDO_AUTO', gpa_order: { funding: { gateway_log } } };
    await card.tell(JSON.stringify({ transactions: [{ ...transactions[0], ...stoodIn }] }));
    expect(await card.read()).toMatchObject({ held_minor: 5_000, open_authorizations: 1 });
  });

  test('is applied against the rules, and marked', async () => {
    const card = await newCard({ funds_minor: 100, status: 'frozen' });
    await card.tell(card.word('s', { type: 'authorization.standin', amount: '50' }));
    expect(await card.read()).toMatchObject({ held_minor: 5_000, available_minor: -4_900 });
  });
});

describe('a single message', () => {
  test('is held when it is approved, and finally cleared by its webhook of the same token', async () => {
    const card = await newCard();
    expect(await card.ask('p', { amount: '30', method: 'pgfs.auth_plus_capture' })).toBe(200);
    expect(await card.read()).toMatchObject({ held_minor: 3_000, posted_minor: 0 });
    const moved = card.word('p', { type: 'pindebit', amount: '30' });
    await card.tell(moved, moved);
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 3_000, open_authorizations: 0 });
  });
});

describe('what is left of a hold', () => {
  test('is given back by a reversal in part, and by an expiry', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '100' });
    await card.tell(card.word('r', { type: 'authorization.reversal', amount: '40', precedingToken: 'first' }));
    expect(await card.read()).toMatchObject({ held_minor: 6_000 });
    await card.tell(
      card.word('e', { type: 'authorization.reversal.issuerexpiration', amount: '60', precedingToken: 'first' }),
    );
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 100_000 });
    // Cleared after all.
    await card.tell(card.word('c', { type: 'authorization.clearing', amount: '60', precedingToken: 'r' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 6_000, available_minor: 94_000 });
  });

  test('clearing, reversal in part and force post are names too: a refund finds the purchase by any of them', async () => {
    const card = await newCard();
    await card.ask('first', { amount: '100' });
    await card.tell(
      card.word('r', { type: 'authorization.reversal', amount: '10', precedingToken: 'first' }),
      card.word('c', { type: 'authorization.clearing', amount: '90', precedingToken: 'r' }),
      card.word('f', { type: 'authorization.clearing', amount: '7' }),
    );
    await card.tell(card.word('b1', { type: 'refund', amount: '90', precedingToken: 'c' }));
    await card.tell(card.word('b2', { type: 'refund', amount: '7', precedingToken: 'f' }));
    const [asked, reversed, cleared, forced, ...refunded] = await card.lives();
    expect([reversed, cleared, ...refunded]).toEqual([asked, asked, asked, forced]);
    expect(forced).not.toBe(asked);
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 0 });
  });

  test('a force post is booked, without any hold', async () => {
    const card = await newCard();
    await card.tell(card.word('f', { type: 'authorization.clearing', amount: '12.5' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 1_250, open_authorizations: 0 });
  });
});
