// A partner's whole way with the SDK against a running origin: a merchant, a webhook endpoint, a settlement paid by a provider,
// its webhook received and verified. And what partners must not be able to do.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../origin/config.ts';
import { openDatabase } from '../origin/db/client.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { creditMerchant } from '../origin/merchants/merchants.ts';
import { startOrigin } from '../origin/start.ts';
import { freePort } from '../scripts/free-port.ts';
import { startSimulatedProvider } from '../scripts/simulated-provider/server.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { until } from '../scripts/test-waiting.ts';
import { Atlas, type Merchant, type WebhookEvent, webhooks } from '../sdk/index.ts';

const whsec = () => `whsec_${randomBytes(32).toString('base64')}`;
const parts = new AsyncDisposableStack();
const operatorKey = randomBytes(24).toString('hex');
let originUrl: string;
let atlas: Atlas;
let merchant: Merchant;

beforeAll(async () => {
  const postgres = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  parts.defer(() => postgres.stop());
  const port = await freePort();
  const [providerKey, providerSecret] = [randomBytes(16).toString('hex'), whsec()];
  const provider = await startSimulatedProvider({
    ...{ apiKey: providerKey, secret: providerSecret },
    callbackUrl: `http://127.0.0.1:${port}/provider-webhooks/simulated`,
  });
  parts.defer(() => provider.close());
  const config = readConfig({
    PORT: String(port),
    DATABASE_URL: postgres.url,
    API_KEY: operatorKey,
    INTERNAL_SECRET: whsec(),
    // Nobody is there, and nothing here asks.
    EDGE_URL: 'http://127.0.0.1:9',
    SETTLEMENT_PROVIDERS: 'simulated',
    SIMULATED_PROVIDER_URL: provider.url,
    SIMULATED_PROVIDER_KEY: providerKey,
    SIMULATED_PROVIDER_WEBHOOK_SECRETS: providerSecret,
    // The partner's server is on this machine.
    WEBHOOK_LOOPBACK: 'allowed',
    WEBHOOK_SECRETS_KEY: randomBytes(32).toString('base64'),
  });
  const origin = await startOrigin(config, pino({ level: 'silent' }));
  parts.defer(() => origin.stop());
  originUrl = origin.url;
  atlas = new Atlas({ baseUrl: originUrl, apiKey: operatorKey });
  merchant = await atlas.merchants.create({
    ...{ name: 'Shop', currency: 'USD', destinations: { simulated: { account: 'acc-1' } } },
  });
  const database = openDatabase({ url: postgres.url, poolMax: 4, onIdleError: () => {} });
  const credit = { merchant_id: merchant.merchant_id, amount_minor: 100_000n, network: 'native' };
  await creditMerchant(database, createHouseAccounts(database.sql), credit);
  await database.close();
});
afterAll(() => parts.disposeAsync());

/** A partner's server, as its README example would be: it verifies, and answers 400 to what it cannot. */
async function partnerServer() {
  const events: WebhookEvent[] = [];
  const secrets: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    try {
      events.push(await webhooks.verify(Buffer.concat(chunks), request.headers, secrets));
      response.writeHead(204).end();
    } catch {
      response.writeHead(400).end('not verified');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.defer(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, events, secrets };
}

test('created, paid, and its webhook verified', async () => {
  const partner = await partnerServer();
  const { merchant_id } = merchant;
  const endpoint = await atlas.webhookEndpoints.create({ merchant_id, url: partner.url });
  partner.secrets.push(endpoint.secret);

  const made = await atlas.settlements.create({
    merchant_id,
    amount_minor: 1_250,
    currency: 'USD',
    reference: 'INV-1',
  });
  expect(made).toMatchObject({ state: 'queued', amount_minor: 1_250 });
  const final = await atlas.settlements.waitUntilFinal(made.settlement_id, { timeoutMs: 20_000 });
  expect(final).toMatchObject({ state: 'completed', failure_code: null });

  await until(
    () => partner.events.length,
    (count) => count === 1,
  );
  expect(partner.events[0]).toMatchObject({
    type: 'settlement.completed',
    data: { settlement_id: made.settlement_id, reference: 'INV-1', amount_minor: 1_250 },
  });
  const transitions = await atlas.settlements.transitions(made.settlement_id);
  expect(transitions.map(({ to }) => to)).toEqual(['queued', 'processing', 'completed']);
  expect((await atlas.merchants.retrieve(merchant_id)).owed_minor).toBe(98_750);

  const rotated = await atlas.webhookEndpoints.rotateSecret(endpoint.webhook_endpoint_id);
  partner.secrets.splice(0, 1, rotated.secret);
  await atlas.webhookEndpoints.sendTest(endpoint.webhook_endpoint_id);
  await until(
    () => partner.events.length,
    (count) => count === 2,
  );
  const { items } = await until(
    () => atlas.webhookEndpoints.messages(endpoint.webhook_endpoint_id).page(),
    (page) => page.items.every(({ state }) => state === 'delivered'),
  );
  expect(items.map(({ event_type }) => event_type)).toEqual(['webhook.ping', 'settlement.completed']);
  await atlas.webhookMessages.resend(items[1]?.webhook_message_id ?? '');
  await until(
    () => partner.events.length,
    (count) => count === 3,
  );
  expect(partner.events[2]).toEqual(partner.events[0]);
  const read = await atlas.webhookMessages.retrieve(items[1]?.webhook_message_id ?? '');
  expect(read.attempt_list.map(({ status }) => status)).toEqual([204, 204]);
  await atlas.webhookEndpoints.remove(endpoint.webhook_endpoint_id);
  await expect(atlas.webhookEndpoints.retrieve(endpoint.webhook_endpoint_id)).rejects.toMatchObject({
    ...{ status: 404, errorCode: 'webhook_endpoint_not_found' },
  });
});

test('the same key is the same settlement; with another body it is refused', async () => {
  const body = { merchant_id: merchant.merchant_id, amount_minor: 300, currency: 'USD' };
  const options = { idempotencyKey: 'order-"7"' };
  const [first, second] = [
    await atlas.settlements.create(body, options),
    await atlas.settlements.create(body, options),
  ];
  expect(second.settlement_id).toBe(first.settlement_id);
  await expect(atlas.settlements.create({ ...body, amount_minor: 301 }, options)).rejects.toMatchObject({
    ...{ status: 422, errorCode: 'idempotency_key_reused' },
  });
});

test('lists go on over pages, and hold each settlement once', async () => {
  const body = { merchant_id: merchant.merchant_id, amount_minor: 1, currency: 'USD' };
  const made = await Promise.all(Array.from({ length: 7 }, () => atlas.settlements.create(body)));
  const listed: string[] = [];
  for await (const { settlement_id } of atlas.settlements.list({ merchant_id: merchant.merchant_id, limit: 3 }))
    listed.push(settlement_id);
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed).toEqual(expect.arrayContaining(made.map(({ settlement_id }) => settlement_id)));
});

test('what the API refuses is an AtlasError with its reason', async () => {
  const { merchant_id } = merchant;
  const wrong = new Atlas({ baseUrl: originUrl, apiKey: 'not-a-key-of-anybody-at-all' });
  await expect(wrong.settlements.list().page()).rejects.toMatchObject({ status: 401, errorCode: 'credentials_wrong' });
  const much = atlas.settlements.create({ merchant_id, amount_minor: 1_000_000_000, currency: 'USD' });
  await expect(much).rejects.toMatchObject({
    status: 422,
    errorCode: 'amount_not_owed',
    requestId: expect.any(String),
  });
  const inside = atlas.webhookEndpoints.create({ merchant_id, url: 'https://169.254.169.254/latest/meta-data' });
  await expect(inside).rejects.toMatchObject({
    ...{ status: 422, errorCode: 'field_invalid', details: [{ field: 'url', problem: expect.any(String) }] },
  });
});
