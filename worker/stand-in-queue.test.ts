// The queue of stand-ins, both ends: what it cannot take is declined, what it takes too late is taken back, and a card is told
// until it has heard.

import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CardNotice, receiveNotice } from '../contracts/card-notice.ts';
import { limits } from '../contracts/limits.ts';
import { cardKey } from '../contracts/network.ts';
import { advice, profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import { basic, cardAt, nativeSignature, newToken, putCard, requestTo } from './testing/calls.ts';
import { heldQueue } from './testing/held-queue.ts';

let logged: { event: string }[];

beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(JSON.parse(String(line))));
});
afterEach(() => {
  vi.restoreAllMocks();
});
const eventsLogged = () => logged.map(({ event }) => event);

const throwing = () => {
  throw new Error('the object is broken');
};
const breakCards = () => vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(throwing);

async function newCard(network: 'marqeta' | 'native') {
  const token = newToken();
  const card = cardAt(network, token);
  await putCard(network, token, profile({ funds_minor: 10_000 }));
  return {
    token,
    card,
    /** Asks for 10.25 USD, where the edge may stand in for that; the status, after all that the worker does later. */
    ask: async (changes: Partial<Env> = {}) => {
      const policy = { MARQETA_FAILURE_POLICY: 'stand_in', MARQETA_STAND_IN_MAX: 'USD 50.00' };
      const body = gatewayMessage({ cardToken: token, amount: '10.25' });
      const execution = createExecutionContext();
      const call = requestTo('/networks/marqeta/gateway', { method: 'POST', headers: basic(), body });
      const answer = await worker.fetch(call, { ...env, ...policy, ...changes }, execution);
      await waitOnExecutionContext(execution);
      return answer.status;
    },
    askNative: async (changes: Partial<Env> = {}) => {
      const policy = { NATIVE_FAILURE_POLICY: 'stand_in', NATIVE_STAND_IN_MAX: 'USD 50.00' };
      const body = JSON.stringify({ card_token: token, request: request(), deadline_ms: nativeDeadlinesMs.min });
      const execution = createExecutionContext();
      const call = requestTo('/networks/native/authorizations', {
        method: 'POST',
        headers: nativeSignature(body),
        body,
      });
      const answer = await worker.fetch(call, { ...env, ...policy, ...changes }, execution);
      await waitOnExecutionContext(execution);
      return answer.status;
    },
    kinds: async () => (await card.eventsAfter(0)).events.map(({ kind }) => kind),
  };
}

async function deliver(...bodies: unknown[]) {
  const messages = bodies.map((body, index) => ({
    id: `m${index}`,
    attempts: 1 + index * 6,
    timestamp: new Date(),
    body,
  }));
  const batch = createMessageBatch('atlas-stand-ins', messages);
  const retries = batch.messages.map((message) => vi.spyOn(message, 'retry'));
  const execution = createExecutionContext();
  await worker.queue(batch, env);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, execution);
  const waits = retries.flatMap(({ mock }) => mock.calls.map(([options]) => options?.delaySeconds));
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId), waits };
}

const kindOf = (notice: CardNotice) => (notice.does === 'void' ? 'void' : notice.message.kind);

describe('a queue that cannot take it', () => {
  test('away: declined, logged apart, and the key is burnt', async () => {
    const card = await newCard('marqeta');
    const { STAND_INS } = heldQueue(() => Promise.reject(new Error('the queue is away')));
    breakCards();
    expect(await card.ask({ STAND_INS })).toBe(402);
    expect(eventsLogged()).toEqual(['authorization_unavailable', 'card_notice_not_queued', 'card_notice_not_queued']);
    // A queue that fails may have taken it: the card hears of both, in this order.
    expect(await card.kinds()).toEqual(['profile', 'message', 'void']);
    expect(await card.card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000 });
  });

  test('too slow: declined; what it takes later is taken back, in whichever order the two come, and however often', async () => {
    const orders = [
      [0, 1],
      [1, 0],
      [0, 1, 0],
      [1, 0, 1],
      [1, 1, 0, 0],
    ];
    for (const order of orders) {
      const card = await newCard('native');
      const slow = () => new Promise((resolve) => setTimeout(resolve, nativeDeadlinesMs.min + 100));
      const { sent, STAND_INS } = heldQueue(slow);
      breakCards();
      expect(await card.askNative({ STAND_INS })).toBe(503);
      expect(sent.map(kindOf)).toEqual(['advice', 'void']);
      for (const index of order) await deliver(sent[index]);
      expect(await card.card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000, open_authorizations: 0 });
      vi.restoreAllMocks();
      expect(await card.askNative()).toBe(200);
      expect(await card.card.read()).toMatchObject({ held_minor: 0 });
    }
  }, 20_000);
});

describe('the queue’s consumer', () => {
  const told = (token: string, changes = {}) =>
    receiveNotice(cardKey('native', token), advice({ decided_by: 'edge', ...changes }));
  /** As it was queued before voids travelled here too. */
  const ofVersion1 = (token: string) => ({
    version: 1,
    card_key: `native:${token}`,
    message: advice({ decided_by: 'edge' }),
  });

  test('a message that was queued in the first version is told too', async () => {
    const card = await newCard('native');
    expect(await deliver(ofVersion1(card.token))).toMatchObject({ acked: ['m0'], retried: [] });
    expect(await card.card.read()).toMatchObject({ held_minor: 500, last_sequence: 2 });
  });

  test('a message whose key the card knows with another content is kept for a person, and not brought again', async () => {
    const card = await newCard('native');
    const kept = vi.spyOn(env.CARD_EVENTS, 'send');
    await deliver(told(card.token));
    expect(await deliver(told(card.token, { hold_minor: 501 }))).toMatchObject({ acked: ['m0'], retried: [] });
    const facts = kept.mock.calls.map(([body]) => body as { kind?: string }).filter(({ kind }) => kind === 'kept_fact');
    expect(facts).toMatchObject([{ reason: 'key_reused', field: 'hold_minor', card_key: `native:${card.token}` }]);
    expect(await card.card.read()).toMatchObject({ held_minor: 500 });
  });

  test('each card is told once, however often its message comes', async () => {
    const card = await newCard('native');
    expect(await deliver(told(card.token), told(card.token))).toMatchObject({ acked: ['m0', 'm1'], retried: [] });
    expect(await card.card.read()).toMatchObject({ held_minor: 500, last_sequence: 2 });
  });

  test('what a card cannot take, and what cannot be read, comes again, ever later; the others go on', async () => {
    const [fine, broken] = [await newCard('native'), await newCard('native')];
    const receive = CardObject.prototype.receive;
    vi.spyOn(CardObject.prototype, 'receive').mockImplementation(function (this: CardObject, message) {
      return message.message_key === 'broken' ? throwing() : receive.call(this, message);
    });
    const failing = told(broken.token, { message_key: 'broken' });
    const { acked, retried, waits } = await deliver(failing, { version: 3 }, told(fine.token), failing);
    expect([acked, retried, waits]).toEqual([['m2'], ['m0', 'm1', 'm3'], [1, 64, limits.standInRetrySecondsMax]]);
    expect(logged).toMatchObject([
      { event: 'card_notice_failed', attempts: 1 },
      { event: 'card_notice_failed', attempts: 19 },
      { event: 'card_notices_waiting', messages: 2, attempts_max: 19 },
      { event: 'card_notices_unreadable', messages: 1, attempts_max: 7 },
    ]);
    vi.restoreAllMocks();
    expect(await deliver(failing)).toMatchObject({ acked: ['m0'] });
    expect(await broken.card.read()).toMatchObject({ held_minor: 500 });
  });

  test('through the real queue: a card that is back after some tries is told', async () => {
    const card = await newCard('marqeta');
    breakCards();
    vi.spyOn(CardObject.prototype, 'receive').mockImplementationOnce(throwing);
    expect(await card.ask()).toBe(200);
    const held = async () => expect(await card.card.read()).toMatchObject({ held_minor: 1_025 });
    await vi.waitFor(held, { timeout: 10_000, interval: 20 });
    expect(eventsLogged()).toEqual([
      ...['authorization_unavailable', 'authorization_stood_in', 'card_notice_failed', 'card_notices_waiting'],
    ]);
  }, 15_000);

  test('a queue that nobody consumes here is an error, and nothing of it is taken', () => {
    const batch = createMessageBatch('another-queue', [{ id: 'm0', attempts: 1, timestamp: new Date(), body: {} }]);
    expect(() => worker.queue(batch, env)).toThrow('nobody here consumes the queue another-queue');
  });
});
