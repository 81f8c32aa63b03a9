// Marqeta's webhooks, through the worker's door: what is acknowledged is stored, and stored once.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { profile } from '../../../core/testing/samples.ts';
import { gatewayMessage, type TransactionInput, webhookMessage } from '../../../scripts/marqeta-messages.ts';
import worker from '../../index.ts';
import { basic, cardAt, type Headers, newToken, postMarqeta, requestTo } from '../../testing/calls.ts';

type Transaction = Record<string, unknown>;

/** One transaction of a webhook, with what a test changes. */
function transaction(input: TransactionInput, changes: Transaction = {}): Transaction {
  const { transactions } = JSON.parse(webhookMessage(input)) as { transactions: [Transaction] };
  return { ...transactions[0], ...changes };
}

const notify = (...transactions: unknown[]) => postMarqeta('webhook', JSON.stringify({ transactions }));

/** A card with 100 USD and one authorization of 10 USD on it. */
async function newHold() {
  const cardToken = newToken();
  const [transactionToken, jitToken] = [`transaction-${cardToken}`, `jit-${cardToken}`];
  await cardAt('marqeta', cardToken).putProfile(profile({ funds_minor: 10_000 }));
  const asked = gatewayMessage({ cardToken, amount: '10', transactionToken, jitToken });
  expect((await postMarqeta('gateway', asked)).status).toBe(200);
  const linked = { cardToken, precedingToken: transactionToken };
  return {
    jitToken,
    clearing: { ...linked, type: 'authorization.clearing', amount: '4' },
    reversal: { ...linked, type: 'authorization.reversal', amount: '3' },
    refund: { ...linked, type: 'refund', amount: '1.5' },
    read: () => cardAt('marqeta', cardToken).read(),
    events: async () => (await cardAt('marqeta', cardToken).eventsAfter(0)).events as object[],
  } as const;
}

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined); // What is ignored is logged.
});

describe('POST /networks/marqeta/webhook', () => {
  test('a batch of all kinds, for two cards, is stored before the 200', async () => {
    const [one, other] = [await newHold(), await newHold()];
    const answer = await notify(
      transaction({ ...one.clearing, final: false }),
      transaction(other.clearing),
      transaction(one.reversal),
      transaction(one.refund),
    );
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    expect(await one.read()).toMatchObject({ held_minor: 300, posted_minor: 250, available_minor: 9_450 });
    expect(await other.read()).toMatchObject({ held_minor: 0, posted_minor: 400, available_minor: 9_600 });
  });

  test('a repeated batch changes nothing', async () => {
    const card = await newHold();
    const batch = [transaction(card.clearing), transaction(card.refund)];
    await notify(...batch);
    const { published_sequence: _, requests_since_load: __, ...after } = await card.read();
    expect((await notify(...batch, ...batch)).status).toBe(200);
    expect(await card.read()).toMatchObject(after);
  });

  test('a clearing and a refund without an authorization are booked', async () => {
    const { clearing, refund, read } = await newHold();
    const { precedingToken: _, ...forcePost } = clearing;
    const { precedingToken: __, ...unlinked } = refund;
    expect((await notify(transaction(forcePost), transaction(unlinked))).status).toBe(200);
    expect(await read()).toMatchObject({ held_minor: 1_000, posted_minor: 250 });
  });

  test('a ping is answered', async () => {
    const answer = await postMarqeta('webhook', '{"pings":[{"token":"marqeta","payload":"healthcheck"}]}');
    expect([answer.status, await answer.json()]).toEqual([200, { pings: 1 }]);
  });

  test.each(['cards', 'usertransitions', 'cardtransitions', 'digitalwallettokentransitions'])(
    'an array of %s is acknowledged',
    async (name) => {
      const answer = await postMarqeta('webhook', JSON.stringify({ [name]: [{ token: 'any', state: 'ACTIVE' }] }));
      expect(answer.status).toBe(200);
    },
  );

  test.each([
    ['a type that moves no money here', { type: 'authorization.clearing.chargeback' }],
    ['a type nobody has heard of', { type: 'invented.tomorrow' }],
    ['our own answer told again', { type: 'authorization', state: 'PENDING' }],
    ['a declined clearing', { state: 'DECLINED' }],
    ['a clearing in error', { state: 'ERROR' }],
    ['a reversal of nothing', { type: 'authorization.reversal', preceding_related_transaction_token: null }],
  ])('%s is acknowledged and changes nothing', async (_, changes) => {
    const card = await newHold();
    const { published_sequence: __, requests_since_load: ___, ...before } = await card.read();
    expect((await notify(transaction(card.clearing, changes))).status).toBe(200);
    expect(await card.read()).toMatchObject(before);
  });

  test('a transaction of another kind is acknowledged, though it names no card and no amount', async () => {
    expect((await notify({ type: 'gpa.credit', token: 'transaction-1', user_token: 'user-1' })).status).toBe(200);
  });

  test.each([
    ['authorization', 'DECLINED'],
    ['authorization', 'PENDING'],
    ['authorization', 'ERROR'],
  ])(
    'Marqeta’s word that we timed out (%s, %s) releases the hold, and the request stays declined',
    async (type, state) => {
      const card = await newHold();
      const gpa_order = { jit_funding: { token: card.jitToken }, funding: { gateway_log: { timed_out: true } } };
      expect((await notify(transaction(card.clearing, { type, state, gpa_order }))).status).toBe(200);
      expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 10_000, open_authorizations: 0 });
      expect((await card.events()).at(-1)).toMatchObject({ kind: 'void', by_network: true });
    },
  );

  test.each([
    ['numbered as the last', { multi_clearing_sequence_number: 2, multi_clearing_sequence_count: 2 }, 0],
    ['numbered as one of several', { multi_clearing_sequence_number: 1, multi_clearing_sequence_count: 2 }, 600],
    ['said not to be final', { is_final_clearing: false }, 600],
    ['not said to be final', {}, 600],
  ])('a clearing %s leaves of 10.00 less 4.00 what it should', async (_, changes, held_minor) => {
    const card = await newHold();
    const { is_final_clearing: __, ...plain } = transaction(card.clearing);
    await notify({ ...plain, ...changes });
    expect(await card.read()).toMatchObject({ held_minor, posted_minor: 400 });
  });
});

describe('X-Marqeta-Signature', () => {
  const secret = 'a-webhook-secret';
  const body = '{"pings":[{"token":"marqeta"}]}';

  async function digestOf(hash: string, text: string): Promise<Uint8Array> {
    const utf8 = new TextEncoder();
    const key = await crypto.subtle.importKey('raw', utf8.encode(secret), { name: 'HMAC', hash }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(text)));
  }
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

  /** The status of the webhook's answer where its secret is set. */
  async function statusWith(headers: Headers, text = body): Promise<number> {
    const execution = createExecutionContext();
    const request = requestTo('/networks/marqeta/webhook', { method: 'POST', body: text, headers });
    const answer = await worker.fetch(request, { ...env, MARQETA_WEBHOOK_SECRET: secret } as typeof env, execution);
    await waitOnExecutionContext(execution);
    return answer.status;
  }

  test.each(['SHA-1', 'SHA-256'])('%s is taken in hex and in base64', async (hash) => {
    const digest = await digestOf(hash, body);
    for (const signature of [hex(digest), hex(digest).toUpperCase(), base64(digest)])
      expect(await statusWith({ ...basic(), 'x-marqeta-signature': signature })).toBe(200);
  });

  test('missing, of another body, or without Basic credentials it is 401', async () => {
    const signature = hex(await digestOf('SHA-256', body));
    expect(await statusWith(basic())).toBe(401);
    expect(await statusWith({ ...basic(), 'x-marqeta-signature': '' })).toBe(401);
    expect(await statusWith({ ...basic(), 'x-marqeta-signature': signature }, `${body} `)).toBe(401);
    expect(await statusWith({ 'x-marqeta-signature': signature })).toBe(401);
  });
});
