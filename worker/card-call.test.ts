// A card that cannot be reached: the network's failure policy answers in time, it is counted apart from declines, and the
// request is given up, so that no hold is left that nobody knows of.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clearing, profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import worker from './index.ts';
import { marqeta as marqetaNetwork } from './networks/marqeta/network.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import { basic, cardAt, newToken, postMarqeta, postNative, requestTo } from './testing/calls.ts';

let logged: string[];

beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const original = CardObject.prototype.authorize;
type Asked = Parameters<typeof original>;
const authorizeBy = (how: (card: CardObject, ...asked: Asked) => unknown) =>
  vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(function (this: CardObject, ...asked) {
    return how(this, ...asked) as ReturnType<typeof original>;
  });
const throwing = () => {
  throw new Error('the object is broken');
};
const untilLate = () => new Promise((resolve) => setTimeout(resolve, marqetaNetwork.deadlineMs + 300));

async function newCard(network: 'marqeta' | 'native') {
  const token = newToken();
  await cardAt(network, token).putProfile(profile({ funds_minor: 10_000 }));
  return { token, card: cardAt(network, token) };
}

/** The worker's answer under other settings, and all that it does after it. */
async function answerWith(changes: Readonly<Record<string, string>>, call: Request): Promise<Response> {
  const execution = createExecutionContext();
  const answer = await worker.fetch(call, { ...env, ...changes }, execution);
  await waitOnExecutionContext(execution);
  return answer;
}

const eventsLogged = () => logged.map((line) => (JSON.parse(line) as { event: string }).event);
const voided = (card: ReturnType<typeof cardAt>) =>
  vi.waitFor(
    async () => {
      const { events } = await card.eventsAfter(0);
      expect((events as { kind: string }[]).some(({ kind }) => kind === 'void')).toBe(true);
    },
    { timeout: 5_000, interval: 20 },
  );

describe('an object that throws', () => {
  test('Marqeta, policy decline: 402 in its words, logged as unavailable, and the key is burnt', async () => {
    const { token: cardToken, card } = await newCard('marqeta');
    const message = { cardToken, amount: '10.25', jitToken: `jit-${cardToken}` };
    const broken = authorizeBy(throwing);
    const answer = await postMarqeta('gateway', gatewayMessage(message));
    expect([answer.status, await answer.json()]).toEqual([
      402,
      {
        jit_funding: {
          token: message.jitToken,
          method: 'pgfs.authorization',
          user_token: 'user_demo',
          amount: 10.25,
          decline_reason: 'TRANSACTION_NOT_PERMITTED',
        },
      },
    ]);
    expect(eventsLogged()).toEqual(['authorization_unavailable']);
    await voided(card);
    broken.mockRestore();
    const later = await postMarqeta('gateway', gatewayMessage(message));
    expect([later.status, await later.json()]).toMatchObject([402, { jit_funding: { amount: 10.25 } }]);
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000 });
  });

  test('Marqeta, policy network: 500, which it counts as an error of the gateway and not as a decline', async () => {
    const { token: cardToken } = await newCard('marqeta');
    authorizeBy(throwing);
    const init = { method: 'POST', headers: basic(), body: gatewayMessage({ cardToken, amount: '1' }) };
    const answer = await answerWith(
      { MARQETA_FAILURE_POLICY: 'network' },
      requestTo('/networks/marqeta/gateway', init),
    );
    expect([answer.status, await answer.json()]).toMatchObject([500, { error_code: 'card_unavailable' }]);
  });

  test('E2: native: 503 that says that the key is spent, and asks for no repeat of it', async () => {
    const { token: card_token, card } = await newCard('native');
    const broken = authorizeBy(throwing);
    const answer = await postNative('authorizations', { card_token, request: request() });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, null]);
    expect(await answer.json()).toMatchObject({
      error_code: 'request_key_spent',
      message: expect.stringContaining('ask again with a new one'),
      details: [{ field: 'request.request_key', problem: expect.stringContaining('is spent') }],
    });
    await voided(card);
    broken.mockRestore();
    const ask = async (request_key: string) =>
      (await postNative('authorizations', { card_token, request: request({ request_key }) })).json();
    expect(await ask('request-1')).toMatchObject({ outcome: 'declined', reason: 'request_voided' });
    expect(await ask('request-2')).toMatchObject({ outcome: 'approved', approved_minor: 500 });
  });

  test('a decline and a reused key are no failure: neither is logged', async () => {
    const { token: card_token } = await newCard('native');
    await postNative('authorizations', { card_token, request: request({ amount_minor: 10_001 }) });
    await postNative('authorizations', { card_token, request: request() });
    expect(logged).toEqual([]);
  });

  test('a void that fails is tried again, until the key is burnt', async () => {
    const { token: card_token, card } = await newCard('native');
    authorizeBy(throwing);
    vi.spyOn(CardObject.prototype, 'void').mockImplementationOnce(throwing);
    await postNative('authorizations', { card_token, request: request() });
    await voided(card);
    expect(eventsLogged()).toEqual(['authorization_unavailable', 'void_failed']);
  });

  test('E2: a native void that a card cannot hear now is 503 with Retry-After, and the same again is heard', async () => {
    const { token: card_token } = await newCard('native');
    vi.spyOn(CardObject.prototype, 'void').mockImplementationOnce(throwing);
    const tell = () => postNative('voids', { card_token, request_key: 'request-1' });
    const answer = await tell();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await (await tell()).json()).toEqual({ request_key: 'request-1', outcome: 'stored' });
  });
});

describe('an object that answers too late', () => {
  test('is answered for at the deadline; what it had approved is released', async () => {
    const [marqeta, native] = [await newCard('marqeta'), await newCard('native')];
    // Each has committed its approval, and says so only after the deadline.
    authorizeBy(async (card, asked) => {
      const answer = original.call(card, asked);
      await untilLate();
      return answer;
    });
    const startedMs = Date.now();
    const waitedMs = () => Date.now() - startedMs;
    const [marqetaAnswer, nativeAnswer] = await Promise.all([
      postMarqeta('gateway', gatewayMessage({ cardToken: marqeta.token, amount: '10.25' })).then(async (answer) => ({
        status: answer.status,
        body: await answer.json(),
        waitedMs: waitedMs(),
      })),
      postNative('authorizations', { card_token: native.token, request: request() }).then((answer) => ({
        status: answer.status,
        waitedMs: waitedMs(),
      })),
    ]);
    expect(marqetaAnswer).toMatchObject({
      status: 402,
      body: { jit_funding: { decline_reason: 'TRANSACTION_NOT_PERMITTED' } },
    });
    expect(nativeAnswer).toMatchObject({ status: 503 });
    expect(nativeAnswer.waitedMs).toBeGreaterThanOrEqual(nativeDeadlinesMs.usual - 5);
    expect(nativeAnswer.waitedMs).toBeLessThan(marqetaNetwork.deadlineMs);
    expect(marqetaAnswer.waitedMs).toBeLessThan(3_000);
    expect(eventsLogged()).toEqual(['authorization_late', 'authorization_late']);
    for (const { card } of [marqeta, native]) {
      await voided(card);
      expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000, open_authorizations: 0 });
    }
  }, 10_000);

  test('a request that reaches the object after its void stays declined', async () => {
    const { token: card_token, card } = await newCard('native');
    let arrived = '';
    authorizeBy(async (object, asked) => {
      const isVoided = () => object.eventsAfter(0).events.some(({ kind }) => kind === 'void');
      await vi.waitUntil(isVoided, { timeout: 5_000, interval: 20 });
      arrived = original.call(object, asked);
      return arrived;
    });
    expect((await postNative('authorizations', { card_token, request: request() })).status).toBe(503);
    await vi.waitFor(() => expect(arrived).toContain('"reason":"request_voided"'), {
      timeout: 5_000,
    });
    expect(await card.read()).toMatchObject({ held_minor: 0 });
  }, 10_000);
});

describe('the deadline travels with the request', () => {
  /** The instants that the object was given, and when the asking began and ended. */
  async function deadlinesOf(ask: () => Promise<Response>) {
    const given: (number | undefined)[] = [];
    authorizeBy((card, ...asked) => {
      given.push(asked[1]);
      return original.apply(card, asked);
    });
    const startedMs = Date.now();
    expect((await ask()).status).toBe(200);
    return { deadlineAtMs: given[0] ?? 0, startedMs, endedMs: Date.now() };
  }

  test.each([
    ['native, by default', nativeDeadlinesMs.usual, {}],
    ['native, as it asks', 3_000, { deadline_ms: 3_000 }],
  ])('%s', async (_, deadlineMs, asked) => {
    const { token: card_token } = await newCard('native');
    const body = { card_token, request: request(), ...asked };
    const { deadlineAtMs, startedMs, endedMs } = await deadlinesOf(() => postNative('authorizations', body));
    expect(deadlineAtMs).toBeGreaterThanOrEqual(startedMs + deadlineMs);
    expect(deadlineAtMs).toBeLessThanOrEqual(endedMs + deadlineMs);
  });

  test('Marqeta', async () => {
    const { token: cardToken } = await newCard('marqeta');
    const body = gatewayMessage({ cardToken, amount: '1' });
    const { deadlineAtMs, startedMs, endedMs } = await deadlinesOf(() => postMarqeta('gateway', body));
    expect(deadlineAtMs).toBeGreaterThanOrEqual(startedMs + marqetaNetwork.deadlineMs);
    expect(deadlineAtMs).toBeLessThanOrEqual(endedMs + marqetaNetwork.deadlineMs);
  });

  test('a request that reaches the object after it burns its own key, though no void ever comes', async () => {
    const { token: card_token, card } = await newCard('native');
    vi.spyOn(CardObject.prototype, 'void').mockImplementation(throwing);
    let arrived = '';
    authorizeBy(async (object, asked, deadlineAtMs = 0) => {
      await vi.waitUntil(() => Date.now() > deadlineAtMs, { timeout: 5_000, interval: 20 });
      arrived = original.call(object, asked, deadlineAtMs);
      return arrived;
    });
    const body = { card_token, request: request(), deadline_ms: nativeDeadlinesMs.min };
    expect((await postNative('authorizations', body)).status).toBe(503);
    await vi.waitFor(() => expect(arrived).toContain('"reason":"request_voided"'), { timeout: 5_000, interval: 20 });
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000 });
  }, 20_000);
});

describe('messages for an object that throws', () => {
  beforeEach(() => {
    const receive = CardObject.prototype.receive;
    vi.spyOn(CardObject.prototype, 'receive').mockImplementation(function (this: CardObject, message) {
      return message.message_key === 'broken' ? throwing() : receive.call(this, message);
    });
  });

  test('Marqeta: the others are stored, 503 says "again", and it is logged without a token', async () => {
    const { token: cardToken, card } = await newCard('marqeta');
    const [broken, fine, wrong] = [{ token: 'broken' }, { token: 'fine' }, { token: 'wrong', currency: 'usd' }].map(
      (one) => {
        const text = webhookMessage({ type: 'refund', cardToken, amount: '1', ...one });
        return (JSON.parse(text) as { transactions: [unknown] }).transactions[0];
      },
    );
    const answer = await postMarqeta('webhook', JSON.stringify({ transactions: [broken, fine, wrong] }));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await card.read()).toMatchObject({ posted_minor: -100 });
    expect(eventsLogged().sort()).toEqual(['card_away', 'fact_kept']);
    expect(logged.join()).not.toContain(cardToken);
  });

  test('native: 503, and what was stored is known when the batch comes again', async () => {
    const { token: card_token, card } = await newCard('native');
    const messages = ['fine', 'broken'].map((message_key) => ({ card_token, message: clearing({ message_key }) }));
    expect((await postNative('messages', { messages })).status).toBe(503);
    vi.restoreAllMocks();
    expect(await (await postNative('messages', { messages })).json()).toEqual({
      results: [
        { message_key: 'fine', outcome: 'repeated' },
        { message_key: 'broken', outcome: 'stored' },
      ],
    });
    expect(await card.read()).toMatchObject({ posted_minor: 1_000 });
  });
});
