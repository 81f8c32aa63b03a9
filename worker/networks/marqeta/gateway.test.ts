// Marqeta's gateway, through the worker's door: what Marqeta sends, and the bytes it gets back.

import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../../contracts/authorization-request.ts';
import { type DeclineReason, declineReasons } from '../../../contracts/decline-reasons.ts';
import type { Profile } from '../../../contracts/profile.ts';
import { limitPerDay, profile } from '../../../core/testing/samples.ts';
import { type GatewayInput, gatewayMessage } from '../../../scripts/marqeta-messages.ts';
import { cardAt, newToken, postMarqeta } from '../../testing/calls.ts';
import { answerTo } from './gateway.ts';
import { gatewaySchema, parseMarqeta } from './wire.ts';

/** A card of Marqeta's, and what it is asked. */
async function newCard(changes: Partial<Profile> = {}) {
  const cardToken = newToken();
  await cardAt('marqeta', cardToken).putProfile(profile(changes));
  return {
    cardToken,
    ask: (input: Partial<GatewayInput>) =>
      postMarqeta('gateway', gatewayMessage({ cardToken, amount: '10.25', ...input })),
    read: () => cardAt('marqeta', cardToken).read(),
    log: () => logOf(cardToken),
  };
}

/** The rows of the card's log, as they are stored. */
function logOf(cardToken: string): Promise<string[]> {
  return runInDurableObject(cardAt('marqeta', cardToken), (_, { storage }) =>
    storage.sql
      .exec('select body from log order by sequence')
      .toArray()
      .map(({ body }) => String(body)),
  );
}

async function recordedRequest(cardToken: string): Promise<AuthorizationRequest> {
  const body = JSON.parse((await logOf(cardToken)).at(-1) ?? '') as { request: AuthorizationRequest };
  return body.request;
}

describe('POST /networks/marqeta/gateway', () => {
  test('an approval is 200 with jit_funding and nothing beside it', async () => {
    const card = await newCard();
    const answer = await card.ask({ jitToken: 'jit-1' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(await answer.json()).toEqual({
      jit_funding: {
        token: 'jit-1',
        method: 'pgfs.authorization',
        user_token: 'user_demo',
        acting_user_token: 'user_demo',
        amount: 10.25,
        tags: expect.stringMatching(/^authorization_id=auth_\w{26}$/),
      },
    });
    expect(await card.read()).toMatchObject({ held_minor: 1025 });
  });

  test('a decline is 402 with jit_funding, the amount asked for and a decline_reason', async () => {
    const card = await newCard({ funds_minor: 1024 });
    const answer = await card.ask({ jitToken: 'jit-1' });
    expect(answer.status).toBe(402);
    expect(await answer.json()).toEqual({
      jit_funding: {
        token: 'jit-1',
        method: 'pgfs.authorization',
        user_token: 'user_demo',
        acting_user_token: 'user_demo',
        amount: 10.25,
        tags: expect.stringMatching(/^authorization_id=auth_\w{26}$/),
        decline_reason: 'INSUFFICIENT_FUNDS',
      },
    });
    expect(await card.read()).toMatchObject({ held_minor: 0 });
  });

  test('an unknown card is a decline and no error', async () => {
    const cardToken = newToken();
    const answer = await postMarqeta('gateway', gatewayMessage({ cardToken, amount: '1' }));
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({ jit_funding: { decline_reason: 'INVALID_CARD' } });
    expect(await cardAt('marqeta', cardToken).eventsAfter(0)).toMatchObject({ events: [], last_sequence: 0 });
  });

  test('a repeat gets the same bytes, though the profile has changed since', async () => {
    const card = await newCard({ funds_minor: 1025 });
    const message = { jitToken: 'jit-1', transactionToken: 'transaction-1' };
    const first = await (await card.ask(message)).text();
    await cardAt('marqeta', card.cardToken).putProfile(profile({ version: 2, status: 'closed' }));
    const second = await card.ask(message);
    expect([second.status, await second.text()]).toEqual([200, first]);
    expect(await card.read()).toMatchObject({ held_minor: 1025, last_sequence: 3 });
  });

  test('the same token with another amount is 409 and names what differs', async () => {
    const card = await newCard();
    await card.ask({ jitToken: 'jit-1', transactionToken: 'transaction-1' });
    const answer = await card.ask({ jitToken: 'jit-1', transactionToken: 'transaction-1', amount: '10.26' });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      error_code: 'request_key_reused',
      details: [{ field: 'amount_minor' }],
    });
  });

  test('a balance inquiry gets the balance and holds nothing', async () => {
    const card = await newCard({ funds_minor: 5_000 });
    await card.ask({ amount: '10.25' });
    const answer = await card.ask({ amount: '0', method: 'pgfs.balanceinquiry' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      jit_funding: {
        amount: 0,
        balances: { USD: { currency_code: 'USD', available_balance: 39.75, ledger_balance: 39.75 } },
      },
    });
    expect(await card.read()).toMatchObject({ held_minor: 1025, open_authorizations: 1 });
  });

  test('an account verification is approved on a card that has nothing left, and consumes nothing', async () => {
    const card = await newCard({ funds_minor: 1025, controls: [limitPerDay(1025)] });
    await card.ask({ amount: '10.25' });
    const before = await card.read();
    const method = 'pgfs.authorization.account_verification';
    expect((await card.ask({ amount: '0', method })).status).toBe(200);
    const { last_sequence, published_sequence: _, requests_since_load: __, ...after } = await card.read();
    expect(before).toMatchObject(after);
    expect(last_sequence).toBe(before.last_sequence + 1);
  });

  test('a verification that names an amount is not what it says', async () => {
    const card = await newCard();
    const answer = await card.ask({ amount: '1', method: 'pgfs.authorization.account_verification' });
    expect([answer.status, await answer.json()]).toMatchObject([
      402,
      { jit_funding: { decline_reason: 'INVALID_AMOUNT' } },
    ]);
  });

  test('a method that asks for no decision is declined in Marqeta’s words, and nothing is recorded', async () => {
    const card = await newCard();
    const answer = await card.ask({ method: 'pgfs.dispute.credit', jitToken: 'jit-1' });
    expect([answer.status, await answer.json()]).toEqual([
      402,
      {
        jit_funding: {
          token: 'jit-1',
          method: 'pgfs.dispute.credit',
          user_token: 'user_demo',
          amount: 10.25,
          decline_reason: 'TRANSACTION_NOT_PERMITTED',
        },
      },
    ]);
    expect(await card.log()).toHaveLength(1);
  });

  test('unknown fields are ignored, and no trace of them is kept', async () => {
    const { cardToken, log } = await newCard();
    const message = JSON.parse(gatewayMessage({ cardToken, amount: '10.25' })) as Record<string, unknown>;
    const unknown = {
      invented_by_marqeta_tomorrow: 'never-keep-this',
      user: { metadata: { secret: 'never-keep-this' } },
    };
    const answer = await postMarqeta('gateway', JSON.stringify({ ...message, ...unknown }));
    expect(answer.status).toBe(200);
    const kept = (await log()).join();
    for (const text of ['never-keep-this', 'invented', 'Springfield', '6491', 'user_demo', 'acquirer', 'settlement'])
      expect(kept).not.toContain(text);
  });
});

describe('the request in our words', () => {
  test('a network’s message: keys, merchant, country of three letters, entry mode', async () => {
    const { cardToken, ask } = await newCard();
    await ask({ jitToken: 'jit-1', transactionToken: 'transaction-1', category: '5812' });
    expect(await recordedRequest(cardToken)).toEqual({
      request_key: 'jit-1',
      authorization_key: 'transaction-1',
      kind: 'authorization',
      amount_minor: 1025,
      currency: 'USD',
      merchant: { id: '000000000099999', name: 'EXAMPLE GROCER', category: '5812', country: 'US' },
      channel: 'pos',
      entry_mode: 'contactless',
      card_present: true,
      partial_approval_capable: false,
      occurred_at_ms: expect.any(Number),
      risk_score: 97,
    });
  });

  test('a simulated message: country and poi instead of country_code and pos', async () => {
    const { cardToken } = await newCard();
    const { pos: _, ...message } = JSON.parse(gatewayMessage({ cardToken, amount: '10.25' })) as Record<
      string,
      unknown
    >;
    const simulated = {
      ...message,
      card_acceptor: { mid: 'STORE 12 A', mcc: '5411', name: 'n'.repeat(200), country: 'GB', address: '1 Example St' },
      poi: { pan_entry_mode: 'CHIP', is_recurring: true, partial_approval_capable: true },
    };
    expect((await postMarqeta('gateway', JSON.stringify(simulated))).status).toBe(200);
    expect(await recordedRequest(cardToken)).toMatchObject({
      merchant: { id: 'STORE 12 A', name: 'n'.repeat(120), country: 'GB' },
      channel: 'recurring',
      entry_mode: 'chip',
      card_present: null,
      partial_approval_capable: true,
    });
  });
});

describe('amounts', () => {
  test.each([
    ['10.25', 'USD', 1025],
    ['10.250', 'USD', 1025],
    ['1e1', 'USD', 1000],
    ['0.1', 'USD', 10],
    ['0.07', 'USD', 7],
    ['1.91', 'USD', 191],
    ['167.2', 'USD', 16720],
    ['10.2500000000000000000', 'USD', 1025],
    ['9999999999.99', 'USD', 999_999_999_999],
    ['1250', 'JPY', 1250],
    ['1.234', 'KWD', 1234],
    ['0.001', 'KWD', 1],
  ])('%s %s is exactly %d minor units, and is echoed as it was', async (amount, currency, minor) => {
    const { cardToken, ask } = await newCard({ currency });
    const answer = await ask({ amount, currency });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain(`"amount":${Number(amount)},`);
    expect(await recordedRequest(cardToken)).toMatchObject({ amount_minor: minor, currency });
  });

  test.each([
    ['10.2500000000000000000001', 'USD'],
    ['10.25000000000000001', 'USD'],
    ['0.30000000000000004', 'USD'],
    ['0.001', 'USD'],
    ['1e-3', 'USD'],
    ['1.5', 'JPY'],
    ['1.2345', 'KWD'],
    ['-1', 'USD'],
    ['10000000000.01', 'USD'],
    ['1e999', 'USD'],
    ['"10.25"', 'USD'],
    ['null', 'USD'],
    ['{}', 'USD'],
  ])('%s %s is declined and never rounded', async (amount, currency) => {
    const card = await newCard({ currency });
    const answer = await card.ask({ amount, currency });
    expect([answer.status, await answer.json()]).toMatchObject([
      402,
      { jit_funding: { decline_reason: 'INVALID_AMOUNT' } },
    ]);
    expect(await card.log()).toHaveLength(1);
  });
});

/** Marqeta's `decline_reason` values, as its clients list them. */
const documented =
  'INVALID_AMOUNT INSUFFICIENT_FUNDS TRANSACTION_NOT_PERMITTED SUSPECTED_FRAUD AMOUNT_LIMIT_EXCEEDED ' +
  'TRANSACTION_COUNT_LIMIT_EXCEEDED DUPLICATE_TRANSACTION INVALID_MERCHANT INVALID_CARD NO_CREDIT_ACCOUNT EXPIRED_CARD ' +
  'NO_CHECKING_ACCOUNT NO_SAVINGS_ACCOUNT STOP_PAYMENT REVOCATION_AUTHORIZATION_ORDER REVOCATION_ALL_AUTHORIZATION_ORDER ' +
  'SOFT_DECLINE_AUTHENTICATION_REQUIRED CLOSED_ACCOUNT SOFT_DECLINE_PIN_REQUIRED CARD_NOT_ACTIVE CARDHOLDER_NOT_ACTIVE';

test.each(declineReasons)('%s has a word in Marqeta’s documented list', (reason: DeclineReason) => {
  const message = gatewaySchema.parse(parseMarqeta(gatewayMessage({ cardToken: 'card-1', amount: '10.25' })));
  const { status, body } = answerTo(message, {
    authorization_id: 'auth_00000000000000000000000000',

    decision: {
      outcome: 'declined',
      approved_minor: 0,
      hold_minor: 0,
      reason,
      control_id: null,
      available_minor: null,
      profile_version: null,
      trace: [],
    },
  });
  expect(status).toBe(402);
  expect(documented.split(' ')).toContain(body.jit_funding.decline_reason);
});
