// The edge in the card's place: only small purchases, only after the queue has taken them, counted apart from declines; and the
// card is told, whatever it had made of the request itself.

import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { type GatewayInput, gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import {
  basic,
  cardAt,
  nativeSignature,
  newToken,
  postMarqeta,
  postNative,
  putCard,
  requestTo,
} from './testing/calls.ts';
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

const policies = {
  MARQETA_FAILURE_POLICY: 'stand_in',
  MARQETA_STAND_IN_MAX: 'USD 50.00 JPY 5000',
  NATIVE_FAILURE_POLICY: 'stand_in',
  NATIVE_STAND_IN_MAX: 'USD 5.00',
};

const original = CardObject.prototype.authorize;
const authorizeBy = (how: (card: CardObject, ...asked: Parameters<typeof original>) => unknown) =>
  vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(function (this: CardObject, ...asked) {
    return how(this, ...asked) as ReturnType<typeof original>;
  });
const throwing = () => {
  throw new Error('the object is broken');
};
const hanging = () => new Promise<never>(() => undefined);

/** The worker's answer where the edge may stand in, and all that it does after it. */
async function answerOf(call: Request, changes: Partial<Env> = {}) {
  const execution = createExecutionContext();
  const answer = await worker.fetch(call, { ...env, ...policies, ...changes }, execution);
  await waitOnExecutionContext(execution);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function newCard(network: 'marqeta' | 'native') {
  const token = newToken();
  const card = cardAt(network, token);
  await putCard(network, token, profile({ funds_minor: 10_000 }));
  const gateway = (input: Partial<GatewayInput>) =>
    gatewayMessage({
      cardToken: token,
      amount: '10.25',
      jitToken: `jit-${token}`,
      transactionToken: `t-${token}`,
      ...input,
    });
  return {
    token,
    card,
    gateway,
    askMarqeta: (input: Partial<GatewayInput> = {}, changes: Partial<Env> = {}) =>
      answerOf(
        requestTo('/networks/marqeta/gateway', { method: 'POST', headers: basic(), body: gateway(input) }),
        changes,
      ),
    askNative: (asked: Parameters<typeof request>[0] = {}, changes: Partial<Env> = {}) => {
      const body = JSON.stringify({
        card_token: token,
        request: request(asked),
        deadline_ms: nativeDeadlinesMs.min,
      });
      const headers = nativeSignature(body);
      return answerOf(requestTo('/networks/native/authorizations', { method: 'POST', headers, body }), changes);
    },
    held: (held_minor: number) =>
      vi.waitFor(async () => expect(await card.read()).toMatchObject({ held_minor }), { timeout: 8_000, interval: 20 }),
    kinds: async () => (await card.eventsAfter(0)).events.map(({ kind }) => kind),
  };
}

function deliver(...bodies: unknown[]): Promise<void> {
  const messages = bodies.map((body, index) => ({ id: `m${index}`, attempts: 1, timestamp: new Date(), body }));
  return worker.queue(createMessageBatch('atlas-stand-ins', messages), env);
}

describe('a card that cannot be reached', () => {
  test('Marqeta: approved in its words, and the card holds it as soon as it hears', async () => {
    const card = await newCard('marqeta');
    authorizeBy(throwing);
    const { status, body } = await card.askMarqeta();
    expect([status, body]).toEqual([
      200,
      {
        jit_funding: {
          token: `jit-${card.token}`,
          method: 'pgfs.authorization',
          user_token: 'user_demo',
          amount: 10.25,
        },
      },
    ]);
    expect(eventsLogged()).toEqual(['authorization_unavailable', 'authorization_stood_in']);
    await card.held(1_025);
    expect(await card.kinds()).toEqual(['profile', 'message']);
  });

  test('native: approved, marked, without an id of ours', async () => {
    const card = await newCard('native');
    authorizeBy(throwing);
    const { status, body } = await card.askNative();
    expect([status, body]).toMatchObject([
      200,
      {
        authorization_id: null,
        outcome: 'approved',
        stood_in: true,
        approved_minor: 500,
        hold_minor: 500,
        reason: null,
      },
    ]);
    await card.held(500);
  });

  test('one that hangs is stood in for within the deadline', async () => {
    const card = await newCard('native');
    authorizeBy(hanging);
    const startedMs = Date.now();
    expect((await card.askNative()).body).toMatchObject({ outcome: 'approved', stood_in: true });
    expect(Date.now() - startedMs).toBeLessThan(nativeDeadlinesMs.min + 200);
    expect(eventsLogged()).toEqual(['authorization_late', 'authorization_stood_in']);
    await card.held(500);
  });

  test('one that approved, and said so too late, holds the amount once', async () => {
    const card = await newCard('native');
    authorizeBy((object, ...asked) => {
      original.apply(object, asked);
      return hanging();
    });
    await card.askNative();
    await vi.waitFor(async () => expect(await card.kinds()).toEqual(['profile', 'authorization', 'message']), {
      timeout: 8_000,
      interval: 20,
    });
    expect(await card.card.read()).toMatchObject({ held_minor: 500, open_authorizations: 1 });
  });

  test('one that burnt the key by itself still holds what the network was told', async () => {
    const card = await newCard('native');
    const { sent, STAND_INS } = heldQueue();
    let asked: Parameters<typeof original> | null = null;
    const away = authorizeBy((_, ...given) => {
      asked = given;
      return hanging();
    });
    await card.askNative({}, { STAND_INS });
    away.mockRestore();
    if (asked === null) throw new Error('the object was never asked');
    // It arrives at last, after its deadline.
    expect(await card.card.authorize(...(asked as Parameters<typeof original>))).toContain('request_voided');
    expect(await card.card.read()).toMatchObject({ held_minor: 0 });
    await deliver(...sent);
    expect(await card.card.read()).toMatchObject({ held_minor: 500 });
  });

  test('a repeat, once the card has heard, is answered as the first one was', async () => {
    const [one, other] = [await newCard('marqeta'), await newCard('native')];
    const broken = authorizeBy(throwing);
    const asked = one.gateway({});
    await answerOf(requestTo('/networks/marqeta/gateway', { method: 'POST', headers: basic(), body: asked }));
    await other.askNative();
    await Promise.all([one.held(1_025), other.held(500)]);
    broken.mockRestore();
    const repeated = await postMarqeta('gateway', asked);
    expect([repeated.status, await repeated.json()]).toMatchObject([200, { jit_funding: { amount: 10.25 } }]);
    const again = await postNative('authorizations', { card_token: other.token, request: request() });
    expect(await again.json()).toMatchObject({ outcome: 'approved', approved_minor: 500 });
    expect(await one.card.read()).toMatchObject({ held_minor: 1_025, open_authorizations: 1 });
  });
});

describe('what is not stood in for', () => {
  test.each<[string, Partial<GatewayInput>]>([
    ['an amount above the maximum', { amount: '50.01' }],
    ['a currency without a maximum', { amount: '1', currency: 'EUR' }],
    ['a verification', { amount: '0', method: 'pgfs.authorization.account_verification' }],
    ['a balance inquiry', { amount: '0', method: 'pgfs.balanceinquiry' }],
    ['an increment', { amount: '1', method: 'pgfs.authorization.incremental', precedingToken: 'first' }],
    ['a key too long to be told on', { amount: '1', jitToken: 'j'.repeat(limits.networkKeyLengthMax) }],
  ])('%s: 402, and the key is burnt', async (_, input) => {
    const card = await newCard('marqeta');
    const { sent, STAND_INS } = heldQueue();
    authorizeBy(throwing);
    expect((await card.askMarqeta(input, { STAND_INS })).status).toBe(402);
    expect(sent.map(({ does }) => does)).toEqual(['void']);
    expect(eventsLogged()).toEqual(['authorization_unavailable']);
    expect(await card.kinds()).toEqual(['profile', 'void']);
  });

  test('exactly the maximum is', async () => {
    const card = await newCard('marqeta');
    authorizeBy(throwing);
    expect((await card.askMarqeta({ amount: '50.00' })).status).toBe(200);
  });

  test('native, above the maximum: 503 as without a stand-in', async () => {
    const card = await newCard('native');
    authorizeBy(throwing);
    expect(await card.askNative({ amount_minor: 501 })).toMatchObject({ status: 503 });
  });

  test('a decline of the card is a decline', async () => {
    const card = await newCard('native');
    const { sent, STAND_INS } = heldQueue();
    const asked = { authorization_key: 'other', amount_minor: 1, currency: 'EUR' };
    expect((await card.askNative(asked, { STAND_INS })).body).toMatchObject({ outcome: 'declined' });
    expect(sent).toEqual([]);
  });
});

describe('the network’s own word', () => {
  test('that our approval came too late releases it, told before the card or after', async () => {
    for (const order of ['before', 'after']) {
      const card = await newCard('marqeta');
      const { sent, STAND_INS } = heldQueue();
      const broken = authorizeBy(throwing);
      const asked = card.gateway({});
      await answerOf(requestTo('/networks/marqeta/gateway', { method: 'POST', headers: basic(), body: asked }), {
        STAND_INS,
      });
      broken.mockRestore();
      const { transactions } = JSON.parse(
        webhookMessage({ type: 'authorization', cardToken: card.token, amount: '10.25' }),
      );
      const { token, created_time } = JSON.parse(asked);
      const gpa_order = { jit_funding: { token: `jit-${card.token}` }, funding: { gateway_log: { timed_out: true } } };
      const notice = { ...transactions[0], token, created_time, state: 'DECLINED', gpa_order };
      const body = JSON.stringify({ transactions: [notice] });
      const tell = () => answerOf(requestTo('/networks/marqeta/webhook', { method: 'POST', headers: basic(), body }));
      if (order === 'after') await deliver(...sent);
      expect((await tell()).status).toBe(200);
      if (order === 'before') await deliver(...sent);
      expect(await card.card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000 });
    }
  });

  test('a clearing that the card heard of first leaves nothing held', async () => {
    const card = await newCard('marqeta');
    const { sent, STAND_INS } = heldQueue();
    const broken = authorizeBy(throwing);
    await card.askMarqeta({}, { STAND_INS });
    broken.mockRestore();
    const cleared = { type: 'authorization.clearing', amount: '10.25', precedingToken: `t-${card.token}` } as const;
    await postMarqeta('webhook', webhookMessage({ cardToken: card.token, ...cleared }));
    await deliver(...sent);
    expect(await card.card.read()).toMatchObject({ held_minor: 0, posted_minor: 1_025, available_minor: 8_975 });
  });
});
