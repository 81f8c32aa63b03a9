// Keys and other identifiers are not searched for card numbers: one in ten would pass for one. A card's token is. And which routes there are.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clearing, profile, request } from '../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import {
  basic,
  call,
  callHearing,
  cardAt,
  type Headers,
  internalSignature,
  nativeSignature,
  newToken,
} from './testing/calls.ts';

/** A test number that every network publishes: its range is Visa's, and it passes Luhn. */
const cardNumber = '4111111111111111';

describe('identifiers that pass for card numbers are served', () => {
  const served = async (path: string, text: string, headers: Headers, method = 'POST') =>
    expect((await call(path, { method, body: text, headers })).status).toBe(200);

  const cardToken = newToken();
  beforeEach(async () => {
    await cardAt('marqeta', cardToken).putProfile(profile());
    await cardAt('native', cardToken).putProfile(profile());
  });

  test('of Marqeta: mid, tokens, reference numbers', async () => {
    const message = JSON.parse(gatewayMessage({ cardToken, amount: '1', jitToken: cardNumber }));
    const identifiers = {
      token: cardNumber,
      card_acceptor: { mid: cardNumber, mcc: '5411' },
      acquirer: { retrieval_reference_number: cardNumber, institution_id_code: cardNumber },
      network_reference_id: cardNumber,
      pos: { terminal_id: cardNumber },
    };
    await served('/networks/marqeta/gateway', JSON.stringify({ ...message, ...identifiers }), basic());
    const notice = JSON.parse(webhookMessage({ type: 'refund', cardToken, amount: '1' }));
    Object.assign(notice.transactions[0], { token: cardNumber, preceding_related_transaction_token: cardNumber });
    await served('/networks/marqeta/webhook', JSON.stringify(notice), basic());
  });

  test('of the native network: keys, tokens and the merchant’s id', async () => {
    const merchant = { id: cardNumber, name: null, category: null, country: null };
    const keys = { request_key: cardNumber, authorization_key: cardNumber, alias_key: cardNumber };
    const message_key = cardNumber;
    const bodies = {
      authorizations: { card_token: cardToken, request: request({ ...keys, merchant }) },
      messages: {
        messages: [
          { card_token: cardToken, message: clearing({ message_key, authorization_key: cardNumber, merchant }) },
        ],
      },
      voids: { card_token: cardToken, request_key: cardNumber },
    };
    for (const [route, body] of Object.entries(bodies)) {
      const text = JSON.stringify(body);
      await served(`/networks/native/${route}`, text, nativeSignature(text));
    }
  });

  test('of the origin: the card’s token in the path', async () => {
    const [path, text] = [`/internal/cards/native/${cardNumber}`, JSON.stringify(profile({ version: 2 }))];
    await served(path, text, internalSignature('PUT', path, text), 'PUT');
  });
});

describe('X2: a card number for a card’s token', () => {
  const masked = '****************';
  const signed = (path: string, body: unknown) => {
    const text = JSON.stringify(body);
    return callHearing(`/networks/native/${path}`, { method: 'POST', body: text, headers: nativeSignature(text) });
  };
  const marqeta = (path: string, body: unknown) =>
    callHearing(`/networks/marqeta/${path}`, { method: 'POST', body: JSON.stringify(body), headers: basic() });
  const gateway = () => JSON.parse(gatewayMessage({ cardToken: cardNumber, amount: '1' }));

  /** A minute of its own: a person hears of requests once a minute. */
  let minute = Date.UTC(2026, 4, 5);
  beforeEach(() => {
    minute += 120_000;
    vi.useFakeTimers({ toFake: ['Date'], now: minute });
  });
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['a request', () => signed('authorizations', { card_token: cardNumber, request: request() })],
    ['a void', () => signed('voids', { card_token: cardNumber, request_key: 'r1' })],
    ['a request of Marqeta', () => marqeta('gateway', gateway())],
  ])('%s is refused by name; of it a person hears the field, and nothing is kept', async (_, send) => {
    const { status, text, kept } = await send();
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ error_code: 'card_data_refused', details: [{ field: 'card_token' }] });
    expect(kept).toMatchObject([{ reason: 'card_data_refused', field: 'card_token', card_key: null }]);
    expect(text + JSON.stringify(kept)).not.toContain('4111');
    // Who goes on is answered alike, and no queue is filled.
    expect((await send()).kept).toEqual([]);
  });

  test.each([
    ['our own', () => signed('messages', { messages: [{ card_token: cardNumber, message: clearing() }] })],
    [
      'Marqeta’s',
      () => marqeta('webhook', JSON.parse(webhookMessage({ type: 'refund', cardToken: cardNumber, amount: '1' }))),
    ],
  ])('a fact of %s network is kept for a person without it, and is not booked as it stands', async (_, send) => {
    const { kept } = await send();
    expect(kept[0]).toMatchObject({ reason: 'out_of_contract', card_key: null });
    expect(kept[0]?.field).toMatch(/card_token$/);
    expect(kept[0]?.fact).toContain(masked);
    expect(JSON.stringify(kept)).not.toContain('4111');
    const network = kept[0]?.network ?? 'native';
    const [path, body] = [`/internal/facts/${network}`, JSON.stringify({ fact: kept[0]?.fact })];
    const again = await call(path, { method: 'POST', body, headers: internalSignature('POST', path, body) });
    expect(await again.json()).toEqual({ taken: false });
  });

  test('an instant or an order that passes for one is not kept; the fact is booked', async () => {
    const cardToken = newToken();
    await cardAt('native', cardToken).putProfile(profile());
    const message = { ...clearing(), occurred_at_ms: Number(cardNumber), order: Number(cardNumber) };
    const { status } = await signed('messages', { messages: [{ card_token: cardToken, message }] });
    expect(status).toBe(200);
    const { events } = await cardAt('native', cardToken).eventsAfter(0);
    expect(JSON.stringify(events)).not.toContain('4111');
    expect(await cardAt('native', cardToken).read()).toMatchObject({ posted_minor: clearing().amount_minor });
    const now = { ...clearing({ message_key: 'm2' }), occurred_at_ms: minute, order: 17 };
    await signed('messages', { messages: [{ card_token: cardToken, message: now }] });
    expect(JSON.stringify((await cardAt('native', cardToken).eventsAfter(2)).events)).toContain(`"order":17`);
  });
});

describe('routes', () => {
  test.each(['/', '/networks', '/networks/visa', '/livez/x'])('there is nothing at %s: 404', async (path) => {
    const answer = await call(path, {});
    expect([answer.status, await answer.json()]).toMatchObject([404, { error_code: 'route_not_found' }]);
  });

  test('/livez answers without credentials', async () => {
    expect((await call('/livez', {})).status).toBe(200);
  });

  test('a 401 says how to come in', async () => {
    const answer = await call('/networks/marqeta/gateway', { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="atlas"']);
  });
});
