// Identifiers are not searched for card numbers: one in ten would pass for one. And which routes there are.

import { beforeEach, describe, expect, test } from 'vitest';
import { clearing, profile, request } from '../core/samples.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import { basic, call, cardAt, type Headers, internalSignature, nativeSignature } from './sample-calls.ts';

/** A test number that every network publishes: its range is Visa's, and it passes Luhn. */
const cardNumber = '4111111111111111';

describe('identifiers that pass for card numbers are served', () => {
  const served = async (path: string, text: string, headers: Headers, method = 'POST') =>
    expect((await call(path, { method, body: text, headers })).status).toBe(200);

  beforeEach(async () => {
    await cardAt('marqeta', cardNumber).putProfile(profile());
    await cardAt('native', cardNumber).putProfile(profile());
  });

  test('of Marqeta: mid, tokens, reference numbers', async () => {
    const message = JSON.parse(gatewayMessage({ cardToken: cardNumber, amount: '1', jitToken: cardNumber }));
    const identifiers = {
      token: cardNumber,
      card_acceptor: { mid: cardNumber, mcc: '5411' },
      acquirer: { retrieval_reference_number: cardNumber, institution_id_code: cardNumber },
      network_reference_id: cardNumber,
      pos: { terminal_id: cardNumber },
    };
    await served('/networks/marqeta/gateway', JSON.stringify({ ...message, ...identifiers }), basic());
    const notice = JSON.parse(webhookMessage({ type: 'refund', cardToken: cardNumber, amount: '1' }));
    Object.assign(notice.transactions[0], { token: cardNumber, preceding_related_transaction_token: cardNumber });
    await served('/networks/marqeta/webhook', JSON.stringify(notice), basic());
  });

  test('of the native network: keys, tokens and the merchant’s id', async () => {
    const merchant = { id: cardNumber, name: null, category: null, country: null };
    const keys = { request_key: cardNumber, authorization_key: cardNumber, alias_key: cardNumber };
    const message_key = cardNumber;
    const bodies = {
      authorizations: { card_token: cardNumber, request: request({ ...keys, merchant }) },
      messages: {
        messages: [
          { card_token: cardNumber, message: clearing({ message_key, authorization_key: cardNumber, merchant }) },
        ],
      },
      voids: { card_token: cardNumber, request_key: cardNumber },
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
