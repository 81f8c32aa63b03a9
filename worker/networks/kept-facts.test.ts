// What a network says and the edge cannot book or decide: kept for a person, or declined in the network's words.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clearing, profile, refund } from '../../core/testing/samples.ts';
import { demoMerchantId, gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { callHearing, cardAt, nativeSignature, newToken } from '../testing/calls.ts';
import { cardMaker } from '../testing/sample-marqeta-card.ts';

const newCard = cardMaker({ profile, gatewayMessage, webhookMessage });

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const nowhere = { name: null, category: null, country: null };

describe('a fact out of contract is kept before the 200', () => {
  test.each([
    ['an amount that is a text', { amount: '4' }, 'transactions[1].amount', 'must be a number of major units'],
    ['an amount that is too fine', { amount: 0.001 }, 'transactions[1].amount', 'has more decimals than USD holds (2)'],
    [
      'a currency in small letters',
      { currency_code: 'usd' },
      'transactions[1].currency_code',
      'is not an ISO 4217 currency code, such as "USD"',
    ],
    [
      'a token with a space',
      { token: 'with space' },
      'transactions[1].token',
      'must be printable characters without spaces',
    ],
    ['a card that cannot be read', { card_token: 7 }, 'transactions[1].card_token', 'must be a text'],
    ['an unknown type', { type: 'invented.tomorrow' }, 'transactions[1].type', 'is not known'],
    [
      'a chargeback',
      { type: 'authorization.clearing.chargeback' },
      'transactions[1].type',
      'is a chargeback, which is not booked here',
    ],
  ])('%s, and the others of its batch are stored', async (_, told, field, problem) => {
    const card = await newCard();
    const answer = await card.notify(
      card.linked({ amount: '3' }),
      card.linked({}, told),
      card.linked({ type: 'refund', amount: '1' }),
    );
    const card_key = 'card_token' in told ? null : `marqeta:${card.cardToken}`;
    expect(answer).toMatchObject({ status: 200, kept: [{ reason: 'out_of_contract', field, problem, card_key }] });
    // The shop that it was at, for a correction of it.
    expect(answer.kept[0]?.merchant).toMatchObject({ id: demoMerchantId });
    expect(await card.read()).toMatchObject({ posted_minor: 200 });
  });

  test('an element that is no object, a list that is none, a notification of an unknown kind', async () => {
    const { post } = await newCard();
    const answer = await post('webhook', { transactions: ['odd', null], disputes: [{ token: 'd1' }], cards: [{}] });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.kept.map(({ field }) => field).sort()).toEqual(['disputes[0]', 'transactions[0]', 'transactions[1]']);
    expect(await post('webhook', { transactions: 'odd' })).toMatchObject({
      status: 200,
      kept: [{ field: 'transactions' }],
    });
  });

  test.each([
    ['text cut short', '{"transactions":[{"token":"t1","amount":12.3', 'is not JSON'],
    ['a page of HTML', '<html>502 Bad Gateway</html>', 'is not JSON'],
    ['a list', '[{"token":"t1"}]', 'must be an object'],
    ['a number', '7', 'must be an object'],
  ])('a body that is no batch: %s', async (_, body, problem) => {
    const { post } = await newCard();
    expect(await post('webhook', body)).toMatchObject({ status: 200, kept: [{ field: 'body', problem }] });
    expect(await post('webhook', body, () => Promise.reject(new Error('the queue is away')))).toMatchObject({
      status: 503,
    });
  });

  test('a body of nothing is refused: it tells of nothing', async () => {
    const { post } = await newCard();
    expect(await post('webhook', ' ')).toMatchObject({ status: 400, kept: [] });
  });

  test('one notification without its list is read', async () => {
    const card = await newCard();
    expect(await card.post('webhook', { transactions: card.linked({ amount: '3' }) })).toMatchObject({
      status: 200,
      kept: [],
    });
    expect(await card.read()).toMatchObject({ posted_minor: 300 });
  });

  test('where the queue does not take it, 503: the network sends the batch again', async () => {
    const card = await newCard();
    const batch = { transactions: [card.linked({ amount: '3' }), card.linked({}, { amount: 'odd' })] };
    const answer = await card.post('webhook', batch, () => Promise.reject(new Error('the queue is away')));
    expect(answer).toMatchObject({ status: 503, kept: [] });
    expect(await card.post('webhook', batch)).toMatchObject({
      status: 200,
      kept: [{ field: 'transactions[1].amount' }],
    });
    expect(await card.read()).toMatchObject({ posted_minor: 300 });
  });

  test('the native network hears of each element what became of it', async () => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    const body = JSON.stringify({
      messages: [
        { card_token, message: clearing({ amount_minor: -1, merchant: { ...nowhere, id: 'SHOP-7 ' } }) },
        { card_token, message: { ...refund({ message_key: 'm2' }), note: 'x', merchant: { category: 5411 } }, note: 1 },
        { card_token, message: { kind: 'gift', message_key: 'm3' } },
        7,
      ],
    });
    const answer = await callHearing('/networks/native/messages', {
      method: 'POST',
      body,
      headers: nativeSignature(body),
    });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      {
        results: [
          {
            message_key: 'message-1',
            outcome: 'kept',
            field: 'messages[0].message.amount_minor',
            problem: 'must be at least 0',
          },
          { message_key: 'm2', outcome: 'stored' },
          { message_key: 'm3', outcome: 'kept', field: 'messages[2].message.kind', problem: expect.any(String) },
          { message_key: null, outcome: 'kept', field: 'messages[3]', problem: 'must be an object' },
        ],
      },
    ]);
    expect(answer.kept.map(({ card_key }) => card_key)).toEqual([`native:${card_token}`, `native:${card_token}`, null]);
    expect(answer.kept.map(({ merchant }) => merchant?.id)).toEqual(['SHOP-7', undefined, undefined]);
  });
});

describe('a request whose amount, currency or key cannot be read is declined in Marqeta’s words', () => {
  test.each([
    [{ currency_code: 'usd' }, 'TRANSACTION_NOT_PERMITTED'],
    [{ token: '' }, 'TRANSACTION_NOT_PERMITTED'],
    [{ card_token: null }, 'TRANSACTION_NOT_PERMITTED'],
    [{ gpa_order: null }, 'TRANSACTION_NOT_PERMITTED'],
    [{ gpa_order: { jit_funding: 'x' } }, 'TRANSACTION_NOT_PERMITTED'],
  ])('%j', async (told, decline_reason) => {
    const card = await newCard();
    const answer = await card.ask(told);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([402, { jit_funding: { decline_reason } }]);
    expect(await card.read()).toMatchObject({ held_minor: 0, last_sequence: 1 });
  });
});
