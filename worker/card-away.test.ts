// A card's object that fails for a moment is asked again within the deadline (E1). One that stays away is told by the queue what
// it must still hear, however long that takes (E3).

import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { advice, clearing, profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import { basic, cardAt, nativeSignature, newToken, postMarqeta, postNative, requestTo } from './testing/calls.ts';
import { heldQueue } from './testing/held-queue.ts';

let logged: { event: string }[];
beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(JSON.parse(String(line))));
});
afterEach(() => void vi.restoreAllMocks());
const eventsLogged = () => logged.map(({ event }) => event);

const { authorize, receive, void: giveUp } = CardObject.prototype;
type Asked = Parameters<typeof authorize>;
const authorizeBy = (how: (card: CardObject, asked: Asked) => unknown) =>
  vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(function (this: CardObject, ...asked) {
    return how(this, asked) as ReturnType<typeof authorize>;
  });

const failing = (marks: Readonly<Record<string, boolean>> = {}) => {
  throw Object.assign(new Error('the object is away'), marks);
};
const forAMoment = { retryable: true };

async function newCard(network: 'marqeta' | 'native') {
  const token = newToken();
  const card = cardAt(network, token);
  await card.putProfile(profile({ funds_minor: 10_000 }));
  return { token, card };
}

/** Asks for 5.00 USD, and waits for all that the worker does after its answer. */
async function askNative(
  token: string,
  { changes = {}, deadlineMs = nativeDeadlinesMs.usual as number, asked = {} } = {},
) {
  const body = JSON.stringify({ card_token: token, request: request(asked), deadline_ms: deadlineMs });
  const init = { method: 'POST', headers: nativeSignature(body), body };
  const execution = createExecutionContext();
  const startedMs = Date.now();
  const answer = await worker.fetch(
    requestTo('/networks/native/authorizations', init),
    { ...env, ...changes },
    execution,
  );
  const waitedMs = Date.now() - startedMs;
  await waitOnExecutionContext(execution);
  return { status: answer.status, waitedMs, body: (await answer.json()) as Record<string, unknown> };
}

async function deliver(...bodies: unknown[]) {
  const messages = bodies.map((body, index) => ({ id: `m${index}`, attempts: 1, timestamp: new Date(), body }));
  const batch = createMessageBatch('atlas-stand-ins', messages);
  await worker.queue(batch, env);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

describe('E1: an object that fails for a moment', () => {
  test('E1: one that throws once and is there 5 ms later: decided, within milliseconds', async () => {
    const { token, card } = await newCard('marqeta');
    let backAtMs = 0;
    authorizeBy((object, asked) => {
      backAtMs ||= Date.now() + 5;
      return Date.now() < backAtMs ? failing(forAMoment) : authorize.apply(object, asked);
    });
    const startedMs = Date.now();
    const answer = await postMarqeta('gateway', gatewayMessage({ cardToken: token, amount: '10.25' }));
    expect([answer.status, await answer.json()]).toMatchObject([200, { jit_funding: { amount: 10.25 } }]);
    expect(Date.now() - startedMs).toBeLessThan(1_000);
    expect(await card.read()).toMatchObject({ held_minor: 1_025 });
    expect(logged).toMatchObject([{ event: 'authorization_asked_again', network: 'marqeta', tries: 2 }]);
  });

  test('E1: one that is away for a second of the deadline is asked until it is there', async () => {
    const { token } = await newCard('native');
    const backAtMs = Date.now() + 1_000;
    authorizeBy((object, asked) => (Date.now() < backAtMs ? failing(forAMoment) : authorize.apply(object, asked)));
    expect(await askNative(token, { deadlineMs: 3_000 })).toMatchObject({ status: 200, body: { outcome: 'approved' } });
  });

  test('E1: one that starts again from what is durable is asked on a fresh stub', async () => {
    const { token } = await newCard('native');
    let isFirst = true;
    authorizeBy((object, asked) => {
      if (!isFirst) return authorize.apply(object, asked);
      isFirst = false;
      (object as unknown as { ctx: DurableObjectState }).ctx.abort('memory had run ahead');
      return failing();
    });
    expect(await askNative(token)).toMatchObject({ status: 200, body: { outcome: 'approved' } });
    // The stub from before the abort is broken.
    expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 500 });
  });

  test('E1: one that had approved, and whose answer was lost, gives the same decision: one hold', async () => {
    const { token, card } = await newCard('native');
    let isFirst = true;
    authorizeBy((object, asked) => {
      const answer = authorize.apply(object, asked);
      if (!isFirst) return answer;
      isFirst = false;
      return failing(forAMoment);
    });
    expect(await askNative(token)).toMatchObject({ status: 200, body: { outcome: 'approved', approved_minor: 500 } });
    expect(await card.read()).toMatchObject({ held_minor: 500, open_authorizations: 1, last_sequence: 2 });
  });

  test('E1: one that never comes back is asked a bounded number of times, and answered for at the deadline', async () => {
    const { token, card } = await newCard('native');
    let asks = 0;
    authorizeBy(() => {
      asks++;
      return failing(forAMoment);
    });
    const { status, waitedMs } = await askNative(token);
    expect(status).toBe(503);
    expect(waitedMs).toBeLessThan(nativeDeadlinesMs.usual + 100);
    expect(asks).toBeGreaterThan(3);
    expect(asks).toBeLessThan(25);
    expect(await card.read()).toMatchObject({ held_minor: 0, last_sequence: 2 });
  });

  test.each([
    ['is overloaded', { retryable: true, overloaded: true }],
    ['throws of its own', {}],
  ])('one that %s is asked once, and answered for at once', async (_, marks) => {
    const { token } = await newCard('native');
    const asked = authorizeBy(() => failing(marks));
    const { status, waitedMs } = await askNative(token);
    expect([status, asked.mock.calls.length]).toEqual([503, 1]);
    expect(waitedMs).toBeLessThan(nativeDeadlinesMs.usual / 2);
  });

  test('E1: messages, webhooks and voids are told again too', async () => {
    const failures = new Set<string>();
    const once = <T>(what: string, then: () => T): T => {
      if (failures.has(what)) return then();
      failures.add(what);
      return failing(forAMoment);
    };
    vi.spyOn(CardObject.prototype, 'receive').mockImplementation(function (this: CardObject, message) {
      return once(message.message_key, () => receive.call(this, message));
    });
    vi.spyOn(CardObject.prototype, 'void').mockImplementation(function (this: CardObject, key, options) {
      return once(key, () => giveUp.call(this, key, options));
    });
    const [native, marqeta] = [await newCard('native'), await newCard('marqeta')];
    const message = { card_token: native.token, message: clearing() };
    expect((await postNative('messages', { messages: [message] })).status).toBe(200);
    expect((await postNative('voids', { card_token: native.token, request_key: 'r' })).status).toBe(200);
    const refund = webhookMessage({ type: 'refund', cardToken: marqeta.token, amount: '1', token: 'refund-1' });
    expect((await postMarqeta('webhook', refund)).status).toBe(200);
    expect(failures.size).toBe(3);
  });
});

describe('E3: a void is told until it is heard', () => {
  /** The object commits, its answer is lost, and until `back` it hears nothing. */
  function goAway() {
    authorizeBy((object, asked) => {
      authorize.apply(object, asked);
      return failing();
    });
    const away = vi.spyOn(CardObject.prototype, 'void').mockImplementation(() => failing());
    return { back: () => away.mockRestore() };
  }

  test('E3: the approval is committed, its answer lost, the card away: released when the queue can tell it', async () => {
    const { token, card } = await newCard('native');
    const { sent, STAND_INS } = heldQueue();
    const { back } = goAway();
    expect((await askNative(token, { changes: { STAND_INS } })).status).toBe(503);
    expect(await card.read()).toMatchObject({ held_minor: 500 });
    expect(sent).toEqual([{ version: 2, card_key: `native:${token}`, does: 'void', request_key: 'request-1' }]);
    expect(await deliver(...sent)).toEqual({ acked: 0, retried: 1 });
    back();
    expect(await deliver(...sent)).toEqual({ acked: 1, retried: 0 });
    expect(await deliver(...sent)).toEqual({ acked: 1, retried: 0 });
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000, last_sequence: 3 });
    // Our own edge gave it up, and no network said so.
    expect((await card.eventsAfter(2)).events).toEqual([expect.not.objectContaining({ by_network: true })]);
  });

  test('E3: through the real queue', async () => {
    const { token, card } = await newCard('marqeta');
    const { back } = goAway();
    const body = gatewayMessage({ cardToken: token, amount: '10.25' });
    const execution = createExecutionContext();
    const call = requestTo('/networks/marqeta/gateway', { method: 'POST', headers: basic(), body });
    expect((await worker.fetch(call, env, execution)).status).toBe(402);
    await waitOnExecutionContext(execution);
    expect(await card.read()).toMatchObject({ held_minor: 1_025 });
    back();
    await vi.waitFor(async () => expect(await card.read()).toMatchObject({ held_minor: 0 }), {
      timeout: 10_000,
      interval: 20,
    });
  }, 15_000);

  test('E3: a worker that dies after its answer has told the queue before', async () => {
    const { token } = await newCard('native');
    const { sent, STAND_INS } = heldQueue(() => new Promise((resolve) => setTimeout(resolve, 100)));
    goAway();
    const body = JSON.stringify({ card_token: token, request: request() });
    const init = { method: 'POST', headers: nativeSignature(body), body };
    // What is to be done after the answer never is.
    const dying = { ...createExecutionContext(), waitUntil: () => undefined } as unknown as ExecutionContext;
    const startedMs = Date.now();
    await worker.fetch(requestTo('/networks/native/authorizations', init), { ...env, STAND_INS } as Env, dying);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(99);
    expect(sent).toMatchObject([{ does: 'void' }]);
  });

  test('a queue that is away too: the card is told beside it', async () => {
    const { token, card } = await newCard('native');
    const { STAND_INS } = heldQueue(() => Promise.reject(new Error('the queue is away')));
    const { back } = goAway();
    setTimeout(back, 200);
    await askNative(token, { changes: { STAND_INS } });
    expect(await card.read()).toMatchObject({ held_minor: 0, last_sequence: 3 });
    expect(eventsLogged()).toContain('card_notice_not_queued');
  });

  test('a void that comes again takes back nothing that was said of the request since', async () => {
    const { token, card } = await newCard('native');
    const { sent, STAND_INS } = heldQueue();
    authorizeBy(() => failing());
    await askNative(token, { changes: { STAND_INS } });
    await card.receive(advice({ message_key: 'approved after all', request_key: 'request-1', hold_minor: 500 }));
    expect(await deliver(...sent)).toEqual({ acked: 1, retried: 0 });
    expect(await card.read()).toMatchObject({ held_minor: 500 });
  });
});
