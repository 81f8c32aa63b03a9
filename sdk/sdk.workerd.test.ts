// The same package inside of workerd, where Workers run: the platform's own fetch and cryptography, and nothing of Node's.

import { expect, test } from 'vitest';
import { Atlas, WebhookVerificationError, webhooks } from './index.ts';
import { createStandInApi } from './testing/stand-in-api.ts';

const body = { merchant_id: 'mrch_1', amount_minor: 1_250, currency: 'EUR' };

test('a Worker settles, waits, and lists', async () => {
  const api = createStandInApi();
  const atlas = new Atlas({ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', fetch: api.fetch });
  api.trouble.push('no answer');
  const { settlement_id } = await atlas.settlements.create(body);
  expect(api.settlements.size).toBe(1);
  expect(await atlas.settlements.waitUntilFinal(settlement_id)).toMatchObject({ state: 'completed' });
  const listed = [];
  for await (const settlement of atlas.settlements.list({ limit: 1 })) listed.push(settlement.settlement_id);
  expect(listed).toEqual([settlement_id]);
});

test("a Worker's own fetch is called as the platform wants it", async () => {
  // What the tests of this project send out is answered by a stand-in that takes messages.
  const atlas = new Atlas({ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', retries: 0 });
  expect(await atlas.merchants.create({ messages: [] } as never)).toEqual({ results: [] });
});

test('a Worker verifies a webhook', async () => {
  const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
  const bytes = Uint8Array.from('0123456789abcdef0123456789abcdef', (character) => character.charCodeAt(0));
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const event = { type: 'webhook.ping', timestamp: '2026-11-21T12:00:00.000Z', data: {} };
  const text = JSON.stringify(event);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const signed = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`evt_1.${timestamp}.${text}`));
  const headers = new Headers({
    'webhook-id': 'evt_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`,
  });
  const request = new Request('https://partner.test/hooks', { method: 'POST', headers, body: text });
  expect(await webhooks.verify(await request.clone().arrayBuffer(), request.headers, secret)).toEqual(event);
  await expect(webhooks.verify(`${text} `, request.headers, secret)).rejects.toBeInstanceOf(WebhookVerificationError);
});
