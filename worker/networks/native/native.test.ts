// The native network, through the worker's door: signatures, one life from request to refund, and what is refused.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../contracts/limits.ts';
import type { Profile } from '../../../contracts/profile.ts';
import {
  advice,
  clearing,
  expiry,
  limitPerDay,
  profile,
  refund,
  request,
  reversal,
} from '../../../core/testing/samples.ts';
import worker from '../../index.ts';
import {
  cardAt,
  type Headers,
  nativeSignature,
  newToken,
  postNative,
  requestTo,
  settings,
} from '../../testing/calls.ts';
import { nativeDeadlinesMs } from './requests.ts';

async function newCard(changes: Partial<Profile> = {}) {
  const card_token = newToken();
  await cardAt('native', card_token).putProfile(profile(changes));
  return {
    card_token,
    ask: (asked: Parameters<typeof request>[0] = {}) =>
      postNative('authorizations', { card_token, request: request(asked) }),
    tell: (...messages: unknown[]) =>
      postNative('messages', { messages: messages.map((message) => ({ card_token, message })) }),
    giveUp: (request_key: string) => postNative('voids', { card_token, request_key }),
    read: () => cardAt('native', card_token).read(),
    events: async () => (await cardAt('native', card_token).eventsAfter(0)).events as object[],
  };
}

describe('signature', () => {
  const body = JSON.stringify({ card_token: newToken(), request_key: 'r1' });
  const now = Date.now();
  const at = (offsetMs: number) => new Date(now + offsetMs);
  const toleranceMs = limits.signatureToleranceMs;
  const otherSecret = `whsec_${btoa('another secret of 32 bytes ......')}`;

  test.each<[string, number, Headers]>([
    ['right', 200, nativeSignature(body)],
    ['nearly too old', 200, nativeSignature(body, undefined, at(-toleranceMs + 5_000))],
    ['nearly too far ahead', 200, nativeSignature(body, undefined, at(toleranceMs - 5_000))],
    ['missing', 401, {}],
    ['of another body', 401, nativeSignature(`${body} `)],
    ['by another secret', 401, nativeSignature(body, otherSecret)],
    ['too old', 401, nativeSignature(body, undefined, at(-toleranceMs - 5_000))],
    ['too far ahead', 401, nativeSignature(body, undefined, at(toleranceMs + 5_000))],
    ['under another id', 401, { ...nativeSignature(body), 'webhook-id': 'another' }],
    [
      'under another instant',
      401,
      { ...nativeSignature(body), 'webhook-timestamp': String(Math.floor(now / 1000) - 60) },
    ],
    ['without a timestamp', 401, { ...nativeSignature(body), 'webhook-timestamp': '' }],
    ['no signature at all', 401, { ...nativeSignature(body), 'webhook-signature': 'v1,bm90IGEgc2lnbmF0dXJl' }],
  ])('a signature that is %s: %d', async (_, status, headers) => {
    const answer = await postNative('voids', JSON.parse(body), headers);
    expect(answer.status).toBe(status);
    if (status === 401) expect(await answer.json()).toMatchObject({ error_code: 'signature_wrong' });
  });

  test('while secrets are rotated, the old one is still taken, and one that was never set is not', async () => {
    const rotated = { ...env, NATIVE_SECRETS: `${otherSecret} ${settings.NATIVE_SECRETS}` } as typeof env;
    const statusBy = async (secret: string) => {
      const execution = createExecutionContext();
      const init = { method: 'POST', body, headers: nativeSignature(body, secret) };
      const answer = await worker.fetch(requestTo('/networks/native/voids', init), rotated, execution);
      await waitOnExecutionContext(execution);
      return answer.status;
    };
    expect(await statusBy(otherSecret)).toBe(200);
    expect(await statusBy(settings.NATIVE_SECRETS)).toBe(200);
    expect(await statusBy(`whsec_${btoa('a third secret, of 32 bytes ....')}`)).toBe(401);
  });
});

describe('the life of an authorization', () => {
  test('approved, cleared in two parts, refunded in part', async () => {
    const card = await newCard({ funds_minor: 1_000, controls: [limitPerDay(800)] });
    const answer = await card.ask({ amount_minor: 600 });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        authorization_id: expect.stringMatching(/^auth_\w{26}$/),
        outcome: 'approved',
        approved_minor: 600,
        hold_minor: 600,
        profile_version: 1,
        reason: null,
        control_id: null,
        available_minor: 400,
        trace: [{ control_id: 'per-day', verdict: 'pass', remaining_minor: 800 }],
      },
    ]);
    const told = await card.tell(
      clearing({ message_key: 'm1', amount_minor: 100, final: false }),
      clearing({ message_key: 'm2', amount_minor: 350, final: true }),
    );
    expect(await told.json()).toEqual({
      results: [
        { message_key: 'm1', outcome: 'stored' },
        { message_key: 'm2', outcome: 'stored' },
      ],
    });
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 450, available_minor: 550 });
    await card.tell(refund({ message_key: 'm3', amount_minor: 50 }));
    expect(await card.read()).toMatchObject({ posted_minor: 400, available_minor: 600, open_authorizations: 0 });
  });

  test('a decline is 200 with its reason and the control that caused it', async () => {
    const card = await newCard({ controls: [limitPerDay(499)] });
    const answer = await card.ask();
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { outcome: 'declined', reason: 'exceeds_amount_in_window', control_id: 'per-day', approved_minor: 0 },
    ]);
  });

  test('reversed in part, then whole', async () => {
    const card = await newCard({ funds_minor: 1_000 });
    await card.ask();
    await card.tell(reversal({ message_key: 'm1', amount_minor: 200 }));
    expect(await card.read()).toMatchObject({ held_minor: 300 });
    await card.tell(reversal({ message_key: 'm2', amount_minor: null }));
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 1_000 });
  });

  test('increased, advised, and lapsed', async () => {
    const card = await newCard({ funds_minor: 1_000 });
    await card.ask();
    const more = { kind: 'incremental', request_key: 'r2', alias_key: 'a2', amount_minor: 100 } as const;
    expect(await (await card.ask(more)).json()).toMatchObject({ outcome: 'approved', approved_minor: 100 });
    expect(await card.read()).toMatchObject({ held_minor: 600, open_authorizations: 1 });
    await card.tell(advice({ message_key: 'm1', authorization_key: 'a2', alias_key: 'a3', hold_minor: 450 }));
    expect(await card.read()).toMatchObject({ held_minor: 450, open_authorizations: 1 });
    await card.tell(expiry({ message_key: 'm2', authorization_key: 'a3' }));
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 1_000 });
  });

  test('all that a request may say is taken', async () => {
    const { card_token } = await newCard();
    const whole = request({
      alias_key: 'a2',
      occurred_at_ms: 1_772_625_600_000,
      hold_expires_at_ms: 1_772_712_000_000,
      merchant_currency: 'EUR',
      three_d_secure: 'authenticated',
      risk_score: 12,
    });
    const answer = await postNative('authorizations', { card_token, request: whole, deadline_ms: 2_000 });
    expect([answer.status, await answer.json()]).toMatchObject([200, { outcome: 'approved' }]);
    expect((await cardAt('native', card_token).eventsAfter(1)).events).toMatchObject([{ request: whole }]);
  });

  test('a repeated message is known, also within one batch', async () => {
    const card = await newCard();
    const answer = await card.tell(refund(), refund());
    const { results } = (await answer.json()) as { results: { outcome: string }[] };
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['repeated', 'stored']);
    expect(await card.read()).toMatchObject({ posted_minor: -500 });
  });

  test('null says the same as absent, wherever a field may be absent', async () => {
    const { card_token } = await newCard();
    const left = {
      kind: null,
      alias_key: null,
      occurred_at_ms: null,
      order: null,
      merchant_currency: null,
      channel: null,
    };
    const asked = {
      request_key: 'r1',
      authorization_key: 'a1',
      amount_minor: 5,
      currency: 'USD',
      merchant: null,
      ...left,
    };
    const answer = await postNative('authorizations', { card_token, request: asked, deadline_ms: null });
    expect([answer.status, await answer.json()]).toMatchObject([200, { outcome: 'approved' }]);
    const nulls = { alias_key: null, occurred_at_ms: null, order: null };
    const messages = [
      advice({ message_key: 'm1', authorization_key: 'a1', hold_minor: 7 }),
      clearing({ message_key: 'm2', authorization_key: 'a1', amount_minor: 6 }),
      refund({ message_key: 'm3', authorization_key: null, amount_minor: 2 }),
      reversal({ message_key: 'm4', authorization_key: 'a1' }),
      expiry({ message_key: 'm5', authorization_key: 'a1' }),
    ].map((message) => ({ card_token, message: { ...message, ...nulls, request_key: null, decided_by: null } }));
    const told = await postNative('messages', { messages, note: 'not a field of ours' });
    const outcomes = ((await told.json()) as { results: { outcome: string }[] }).results.map(({ outcome }) => outcome);
    expect([told.status, outcomes]).toEqual([200, messages.map(() => 'stored')]);
    expect(await cardAt('native', card_token).read()).toMatchObject({ held_minor: 0, posted_minor: 4 });
  });

  test('an element with a field made for card data is booked without it and told so; its batch goes on', async () => {
    const card = await newCard();
    const answer = await postNative('messages', {
      messages: [
        { card_token: card.card_token, message: { ...clearing({ message_key: 'm1' }), pan: '4111111111111111' } },
        { card_token: card.card_token, message: refund({ message_key: 'm2', amount_minor: 100 }) },
        { card_token: card.card_token, message: clearing({ message_key: 'm3', amount_minor: -1 }), cvv: '123' },
      ],
    });
    const told = { problem: 'is a field for card data, which must not be sent here', field: 'messages[0].message.pan' };
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      {
        results: [
          { message_key: 'm1', outcome: 'stored', ...told },
          { message_key: 'm2', outcome: 'stored' },
          { message_key: 'm3', outcome: 'kept', field: 'messages[2].message.amount_minor' },
        ],
      },
    ]);
    expect(await card.read()).toMatchObject({ posted_minor: 400 });
    expect(JSON.stringify((await cardAt('native', card.card_token).eventsAfter(0)).events)).not.toContain('4111');
  });

  test('defaults are filled in: a request needs no more than its keys, its amount and a merchant', async () => {
    const { card_token } = await newCard();
    const asked = { request_key: 'r1', authorization_key: 'a1', amount_minor: 5, currency: 'USD', merchant: {} };
    const answer = await postNative('authorizations', { card_token, request: asked });
    expect([answer.status, await answer.json()]).toMatchObject([200, { outcome: 'approved' }]);
  });
});

describe('voids', () => {
  test('a request that was given up releases its hold, once', async () => {
    const card = await newCard({ funds_minor: 500 });
    await card.ask();
    expect(await (await card.giveUp('request-1')).json()).toEqual({ request_key: 'request-1', outcome: 'stored' });
    expect(await (await card.giveUp('request-1')).json()).toEqual({ request_key: 'request-1', outcome: 'repeated' });
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 500 });
    expect(await card.events()).toMatchObject([{}, {}, { kind: 'void', by_network: true }]);
  });

  test('a request that comes after its void is declined', async () => {
    const card = await newCard();
    await card.giveUp('request-1');
    expect(await (await card.ask()).json()).toMatchObject({ outcome: 'declined', reason: 'request_voided' });
  });
});

describe('refusals', () => {
  test('the same key with another body is 409 and names the field', async () => {
    const card = await newCard();
    await card.ask();
    const answer = await card.ask({ merchant: { id: null, name: 'ANOTHER', category: '5411', country: null } });
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { error_code: 'request_key_reused', details: [{ field: 'merchant.name' }] },
    ]);
    expect(await card.read()).toMatchObject({ last_sequence: 2 });
  });

  const asked = { card_token: 'card-1', request: request() };
  test.each([
    ['authorizations', { ...asked, note: 1 }, 'note'],
    ['authorizations', { ...asked, request: { ...request(), note: 1 } }, 'request.note'],
    ['authorizations', { ...asked, request: request({ amount_minor: -1 }) }, 'request.amount_minor'],
    ['authorizations', { ...asked, request: request({ amount_minor: 1.5 }) }, 'request.amount_minor'],
    ['authorizations', { ...asked, request: request({ amount_minor: 10 ** 13 }) }, 'request.amount_minor'],
    ['authorizations', { ...asked, request: request({ currency: 'usd' }) }, 'request.currency'],
    ['authorizations', { ...asked, request: request({ request_key: 'with space' }) }, 'request.request_key'],
    ['authorizations', { ...asked, request: request({ request_key: 'k'.repeat(256) }) }, 'request.request_key'],
    ['authorizations', { request: request() }, 'card_token'],
    ['authorizations', { ...asked, deadline_ms: nativeDeadlinesMs.min - 1 }, 'deadline_ms'],
    ['authorizations', { ...asked, deadline_ms: nativeDeadlinesMs.max + 1 }, 'deadline_ms'],
    ['authorizations', { ...asked, deadline_ms: '1000' }, 'deadline_ms'],
    ['authorizations', { ...asked, request: request({ alias_key: 'with space' }) }, 'request.alias_key'],
    ['messages', { messages: [] }, 'messages'],
    ['voids', { card_token: 'card-1' }, 'request_key'],
    ['voids', { card_token: 'card-1', request_key: 'r1', note: 1 }, 'note'],
    ['voids', [], 'body'],
  ] as const)('%s: a field out of contract is 422 and named (%#)', async (route, body, field) => {
    const answer = await postNative(route, body);
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      { error_code: 'field_invalid', details: [{ field }] },
    ]);
  });
});
