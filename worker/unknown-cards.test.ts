// A network's credential in bad hands: invented tokens, absurd amounts, old messages. Nothing grows, nothing of a known card is refused,
// and nothing is lost: what is not booked lies before a person.

import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { voidNotice } from '../contracts/card-notice.ts';
import { type KeptFact, keptFactSchema } from '../contracts/kept-fact.ts';
import { cardKey } from '../contracts/network.ts';
import { advice, clearing, profile, refund, request } from '../core/testing/samples.ts';
import { webhookMessage } from '../scripts/marqeta-messages.ts';
import { tellCard } from './card-notices.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { basic, cardAt, internalSignature, nativeSignature, newToken, putCard } from './testing/calls.ts';

const minuteMs = 60_000;
/** A hundred tokens ask nearly all parts of the list at once: on a busy machine starting them takes longer than an answer may. */
beforeAll(async () => {
  for (let part = 0; part < 64; part++) await env.KNOWN_CARDS.getByName(`known-${part}`).has('native:nobody');
});
let minute = Date.UTC(2026, 2, 4, 12);
beforeEach(() => {
  minute += 2 * minuteMs;
  vi.useFakeTimers({ toFake: ['Date'], now: minute });
});
afterEach(() => void vi.useRealTimers());

/** An edge that takes three unknown cards a minute, and says which objects of cards it called. */
function boundedEdge(more: Readonly<Record<string, string>> = {}) {
  const called: string[] = [];
  const desks: string[] = [];
  const kept: KeptFact[] = [];
  const CARDS = {
    getByName(name: string) {
      called.push(name);
      return env.CARDS.getByName(name);
    },
  };
  const STAND_IN_DESKS = {
    getByName(name: string) {
      desks.push(name);
      return env.STAND_IN_DESKS.getByName(name);
    },
  };
  const CARD_EVENTS = { send: async (body: unknown) => void kept.push(keptFactSchema.parse(body)) };
  const changed = { CARDS, STAND_IN_DESKS, CARD_EVENTS, UNKNOWN_CARDS_PER_MINUTE: '3', ...more };
  const bindings = { ...env, ...changed } as unknown as Env;
  const left: Promise<unknown>[] = [];
  const execution = { waitUntil: (promise: Promise<unknown>) => left.push(promise) } as unknown as ExecutionContext;
  const post = async (path: string, body: unknown) => {
    const text = JSON.stringify(body);
    const headers = nativeSignature(text, undefined, new Date());
    const init = { method: 'POST', body: text, headers: path.includes('marqeta') ? basic() : headers };
    const answer = await worker.fetch(new Request(`https://edge.test${path}`, init), bindings, execution);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    bindings,
    called,
    desks,
    kept,
    giveUp: async (card_token: string, request_key = 'r1') =>
      (await post('/networks/native/voids', { card_token, request_key })).body['outcome'],
    ask: async (card_token: string) => {
      const { body } = await post('/networks/native/authorizations', { card_token, request: request() });
      return body['reason'] ?? body['outcome'];
    },
    tell: async (tokens: readonly string[], message: (index: number) => unknown) => {
      const messages = tokens.map((card_token, index) => ({ card_token, message: message(index) }));
      const { status, body } = await post('/networks/native/messages', { messages });
      expect(status).toBe(200);
      return (body['results'] as { outcome: string }[]).map(({ outcome }) => outcome);
    },
    marqeta: (body: unknown) => post('/networks/marqeta/webhook', body),
  };
}

const tokens = (count: number) => Array.from({ length: count }, newToken);
const forcePost = (index: number) => clearing({ message_key: `m${index}`, authorization_key: null, amount_minor: 100 });

async function knownCard(): Promise<string> {
  const token = newToken();
  expect((await putCard('native', token, profile())).status).toBe(200);
  return token;
}

describe('X8: a batch of invented tokens', () => {
  test('as many as the bound have an object, the others are kept for a person without one', async () => {
    const edge = boundedEdge();
    const outcomes = await edge.tell(tokens(100), forcePost);
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'kept')).toHaveLength(97);
    expect(edge.kept).toHaveLength(97);
    // The objects of the others were not even asked.
    expect(new Set(edge.called).size).toBe(3);
    expect(edge.kept[0]).toMatchObject({
      reason: 'card_unknown',
      field: expect.stringMatching(/^messages\[\d+\]\.card_token$/),
    });
    // Beyond the bound no object is called at all.
    edge.called.length = 0;
    expect(await edge.tell(tokens(20), forcePost)).toEqual(Array(20).fill('kept'));
    expect(edge.called).toEqual([]);
  });

  test('requests are declined alike, and beyond the bound without an object', async () => {
    const edge = boundedEdge();
    const invented = tokens(10);
    for (const token of invented) expect(await edge.ask(token)).toBe('card_unknown');
    expect(new Set(edge.called).size).toBe(3);
  });

  test('a known card is answered by itself all the same, whether this isolate has met it or not', async () => {
    const edge = boundedEdge();
    const [met, other] = [await knownCard(), await knownCard()];
    expect(await edge.ask(met)).toBe('approved');
    for (const token of tokens(5)) await edge.ask(token);
    expect([await edge.ask(met), await edge.ask(other)]).toEqual(['approved', 'approved']);
    expect(await edge.tell([other, newToken()], forcePost)).toEqual(['stored', 'kept']);
  });

  test('a card whose profile has just come is known at once', async () => {
    const edge = boundedEdge();
    const late = newToken();
    for (const token of [...tokens(3), late]) expect(await edge.ask(token)).toBe('card_unknown');
    await putCard('native', late, profile());
    expect(await edge.tell([late], forcePost)).toEqual(['stored']);
  });

  test('the next minute has its own bound', async () => {
    const edge = boundedEdge();
    expect(await edge.tell(tokens(4), forcePost)).toContain('kept');
    vi.setSystemTime(Date.now() + minuteMs);
    expect(await edge.tell(tokens(2), forcePost)).toEqual(['stored', 'stored']);
  });

  test('what was kept is booked where a person says so', async () => {
    const edge = boundedEdge();
    const [token = '', ...others] = tokens(4);
    await edge.tell(others, forcePost);
    expect(await edge.tell([token], forcePost)).toEqual(['kept']);
    const [path, body] = ['/internal/facts/native', JSON.stringify({ fact: edge.kept[0]?.fact })];
    const headers = internalSignature('POST', path, body);
    const execution = { waitUntil: () => {} } as unknown as ExecutionContext;
    const answer = await worker.fetch(
      new Request(`https://edge.test${path}`, { method: 'POST', body, headers }),
      env,
      execution,
    );
    expect(await answer.json()).toEqual({ taken: true });
    expect(await cardAt('native', token).read()).toMatchObject({ posted_minor: 100 });
  });
});

describe('X8: voids of tokens that no card has', () => {
  test('wake no object beyond the bound, and are answered alike', async () => {
    const edge = boundedEdge();
    for (const token of tokens(10)) expect(await edge.giveUp(token)).toBe('stored');
    expect(new Set(edge.called).size).toBe(3);
    // What came by requests counts with them.
    expect(await edge.ask(newToken())).toBe('card_unknown');
    expect(new Set(edge.called).size).toBe(3);
  });

  test('wake no desk for stand-ins either', async () => {
    const edge = boundedEdge({ NATIVE_FAILURE_POLICY: 'stand_in', NATIVE_STAND_IN_MAX: 'USD 5' });
    for (const token of tokens(6)) await edge.giveUp(token);
    expect(new Set(edge.desks).size).toBe(3);
  });

  test('of Marqeta, too', async () => {
    const edge = boundedEdge();
    const failed = (cardToken: string) => {
      const body = JSON.parse(webhookMessage({ type: 'authorization', cardToken, amount: '1', token: cardToken }));
      const gpa_order = { jit_funding: { token: 'J' }, funding: { gateway_log: { timed_out: true } } };
      return { transactions: [{ ...body.transactions[0], state: 'DECLINED', gpa_order }] };
    };
    for (const token of tokens(10)) expect((await edge.marqeta(failed(token))).status).toBe(200);
    expect(new Set(edge.called).size).toBe(3);
  });

  test('by the queue, too', async () => {
    const edge = boundedEdge();
    const given = tokens(10).map((token) => voidNotice(cardKey('native', token), 'r1', null));
    for (const notice of given) await tellCard(edge.bindings, notice);
    expect(new Set(edge.called).size).toBe(3);
  });

  test('of a known card are told to it, however many were invented before', async () => {
    const edge = boundedEdge();
    const token = await knownCard();
    expect(await edge.ask(token)).toBe('approved');
    for (const invented of tokens(6)) await edge.giveUp(invented);
    expect(await edge.giveUp(token, request().request_key)).toBe('stored');
    expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 0 });
  });
});

describe('X8: absurd amounts', () => {
  test.each([
    ['a clearing', clearing({ message_key: 'm1', amount_minor: 1_000_000_000_000 }), 'amount_minor'],
    ['a refund', refund({ message_key: 'm1', amount_minor: 1_000_000_001 }), 'amount_minor'],
    ['an advice', advice({ message_key: 'm1', hold_minor: 1_000_000_001 }), 'amount_minor'],
  ])('%s is for a person, and nothing is booked', async (_, message, field) => {
    const edge = boundedEdge();
    const token = await knownCard();
    expect(await edge.tell([token], () => message)).toEqual(['kept']);
    expect(edge.kept).toMatchObject([{ reason: 'amount_beyond_bound', field: `messages[0].message.${field}` }]);
    expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 0, posted_minor: 0 });
  });

  test('the bound itself is booked, and a setting moves it', async () => {
    const edge = boundedEdge();
    const token = await knownCard();
    expect(await edge.tell([token], () => clearing({ amount_minor: 1_000_000_000 }))).toEqual(['stored']);
    const set = { ...env, AMOUNT_MAX: 'USD 50.00' } as unknown as Env;
    const { receiveFact } = await import('./receive-fact.ts');
    const card = { network: 'native', cardToken: token } as const;
    expect(await receiveFact(set, card, refund({ message_key: 'm9', amount_minor: 5_001 }))).toMatchObject({
      outcome: 'held_back',
      reason: 'amount_beyond_bound',
    });
  });

  test("Marqeta's, named by its own field", async () => {
    const edge = boundedEdge();
    const cardToken = newToken();
    const { body } = {
      body: JSON.parse(webhookMessage({ type: 'refund', cardToken, amount: '10000000.01', token: 'r1' })),
    };
    expect((await edge.marqeta(body)).status).toBe(200);
    expect(edge.kept).toMatchObject([
      { network: 'marqeta', reason: 'amount_beyond_bound', field: 'transactions[0].amount' },
    ]);
  });
});
