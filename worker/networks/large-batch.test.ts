// Batches of more elements than are told to their cards at once: each element is booked or kept, whatever stands beside it, and no
// call to a queue is larger than the platform takes.

import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CardNotice, cardNoticeSchema } from '../../contracts/card-notice.ts';
import { type KeptFact, keptFactSchema } from '../../contracts/kept-fact.ts';
import { limits } from '../../contracts/limits.ts';
import { clearing, profile } from '../../core/testing/samples.ts';
import { tellCard } from '../card-notices.ts';
import worker from '../index.ts';
import { basic, cardAt, nativeSignature, newToken, requestTo } from '../testing/calls.ts';
import { marqeta } from './marqeta/network.ts';
import { storeKept } from './take-facts.ts';

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Cloudflare Queues: 128 KB a message, and a call of at most 100 messages and 256 KB. */
function queueThat<T>(parse: (body: unknown) => T, taken: T[]) {
  const take = (bodies: readonly unknown[]) => {
    const texts = bodies.map((body) => JSON.stringify(body));
    const bytes = texts.map((text) => new TextEncoder().encode(text).byteLength);
    expect(Math.max(...bytes)).toBeLessThan(128_000);
    expect(bodies.length).toBeLessThanOrEqual(100);
    expect(bytes.reduce((sum, one) => sum + one + 100, 0)).toBeLessThan(256_000);
    taken.push(...texts.map((text) => parse(JSON.parse(text))));
  };
  return {
    send: async (body: unknown) => take([body]),
    sendBatch: async (calls: Iterable<{ body: unknown }>) => take([...calls].map(({ body }) => body)),
  };
}

async function post(route: string, body: unknown, isAway = false) {
  const kept: KeptFact[] = [];
  const notices: CardNotice[] = [];
  const queues = {
    CARD_EVENTS: queueThat((one) => keptFactSchema.parse(one), kept),
    STAND_INS: queueThat((one) => cardNoticeSchema.parse(one), notices),
  };
  const away = { sendBatch: () => Promise.reject(new Error('the queue is away')) };
  const text = JSON.stringify(body);
  const headers = route.startsWith('marqeta') ? basic() : nativeSignature(text);
  const execution = { waitUntil: () => undefined } as unknown as ExecutionContext;
  const bindings = { ...env, ...queues, ...(isAway ? { STAND_INS: away } : {}) } as unknown as typeof env;
  const answer = await worker.fetch(
    requestTo(`/networks/${route}`, { method: 'POST', body: text, headers }),
    bindings,
    execution,
  );
  return { status: answer.status, body: (await answer.json()) as { results: { outcome: string }[] }, kept, notices };
}

async function newCards(network: 'marqeta' | 'native') {
  const tokens = [newToken(), newToken()];
  await Promise.all(tokens.map((token) => cardAt(network, token).putProfile(profile())));
  return {
    tokens,
    /** What each has posted, once all that the queue holds is told. */
    posted: async (notices: readonly CardNotice[]) => {
      for (const notice of notices) await tellCard(env, notice);
      const read = await Promise.all(tokens.map((token) => cardAt(network, token).read()));
      return read.map(({ posted_minor }) => posted_minor);
    },
  };
}

const marqetaClearing = (card_token: string, index: number) => ({
  ...{ type: 'authorization.clearing', state: 'COMPLETION', token: `${card_token}-${index}`, card_token },
  ...{ amount: 0.01, currency_code: 'USD' },
});

describe("Marqeta's webhook", () => {
  test('more than a thousand clearings in one batch are all booked, once, however often they come', async () => {
    const cards = await newCards('marqeta');
    const transactions = Array.from({ length: 1_250 }, (_, index) =>
      marqetaClearing(cards.tokens[index % 2] ?? '', index),
    );
    const { status, kept, notices } = await post('marqeta/webhook', { transactions });
    expect([status, kept, notices.length]).toEqual([200, [], 1_250 - limits.batchDirectMax]);
    expect(await cards.posted(notices)).toEqual([625, 625]);
    const again = await post('marqeta/webhook', { transactions });
    expect(await cards.posted(again.notices)).toEqual([625, 625]);
  });

  test('while the queue is away the batch comes again: 503, and what is stored changes nothing', async () => {
    const cards = await newCards('marqeta');
    const transactions = Array.from({ length: 150 }, (_, index) => marqetaClearing(cards.tokens[0] ?? '', index));
    expect(await post('marqeta/webhook', { transactions }, true)).toMatchObject({ status: 503 });
    const { status, notices } = await post('marqeta/webhook', { transactions });
    expect([status, await cards.posted(notices)]).toEqual([200, [150, 0]]);
  });

  test('among thousands of elements that cannot be read, each is kept, and the one that can is booked', async () => {
    const cards = await newCards('marqeta');
    const odd = (index: number) => ({ type: 'invented.tomorrow', n: index });
    const transactions: unknown[] = Array.from({ length: 5_000 }, (_, index) => odd(index));
    transactions[4_000] = marqetaClearing(cards.tokens[0] ?? '', 1);
    const disputes = Array.from({ length: 150 }, (_, index) => ({ dispute: index }));
    const { status, kept, notices } = await post('marqeta/webhook', { transactions, disputes });
    expect([status, await cards.posted(notices)]).toEqual([200, [1, 0]]);
    const shown = kept.flatMap(({ fact }) => JSON.parse(fact) as unknown);
    expect(shown.filter((one) => 'n' in Object(one))).toHaveLength(4_999);
    expect(shown.filter((one) => 'dispute' in Object(one))).toHaveLength(150);
    expect(kept.length).toBeLessThan(400);
  });

  test('a megabyte of tiny elements is kept whole, in few messages', async () => {
    const elements = Array.from({ length: 150_000 }, (_, index) => index);
    const startedMs = performance.now();
    const { status, kept } = await post('marqeta/webhook', { transactions: elements });
    expect(status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const shown = kept.flatMap(({ fact }) => JSON.parse(fact) as number);
    expect(new Set(shown)).toEqual(new Set(elements));
    expect(kept.length).toBeLessThan(1_000);
  });

  test('elements that share a kept fact are booked together, once they can be read', async () => {
    const cards = await newCards('marqeta');
    const both = cards.tokens.map((token, index) => marqetaClearing(token, index));
    expect(await storeKept(env, marqeta, JSON.stringify(both))).toBe(true);
    expect(await cards.posted([])).toEqual([1, 1]);
    expect(await storeKept(env, marqeta, JSON.stringify([...both, { type: 'invented.tomorrow' }]))).toBe(false);
  });
});

describe('native messages', () => {
  test('a batch of 250 with odd ones among them: each element hears what became of it', async () => {
    const cards = await newCards('native');
    const [card_token = ''] = cards.tokens;
    const messages = Array.from({ length: 250 }, (_, index) => ({
      card_token,
      message: clearing({ message_key: `m${index}`, authorization_key: null, amount_minor: index === 200 ? -1 : 1 }),
    }));
    const { status, body, kept, notices } = await post('native/messages', { messages });
    expect(status).toBe(200);
    expect(body.results).toHaveLength(250);
    expect(body.results[99]).toEqual({ message_key: 'm99', outcome: 'stored' });
    expect(body.results[100]).toEqual({ message_key: 'm100', outcome: 'queued' });
    expect(body.results[200]).toEqual({
      ...{ message_key: 'm200', outcome: 'kept', field: 'messages[200].message.amount_minor' },
      problem: 'must be at least 0',
    });
    expect(kept).toMatchObject([{ field: 'messages[200].message.amount_minor' }]);
    expect(await cards.posted(notices)).toEqual([249, 0]);
  });

  test('a megabyte of tiny elements: all are kept, and the answer is no larger than a batch', async () => {
    const { status, body, kept } = await post('native/messages', {
      messages: Array.from({ length: 150_000 }, () => 7),
    });
    expect([status, body.results.length]).toEqual([200, limits.batchReadMax]);
    expect(kept.length).toBeGreaterThan(0);
  });
});
