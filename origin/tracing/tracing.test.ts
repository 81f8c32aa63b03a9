// The whole origin with a collector beside it: what is found of a settlement and of a purchase in the traces, and what is not.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { freePorts } from '../../scripts/free-port.ts';
import { startSimulatedProvider } from '../../scripts/simulated-provider/server.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../../scripts/test-otlp.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from '../db/client.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { createLog } from '../log.ts';
import { creditMerchant } from '../merchants/merchants.ts';
import { startOrigin } from '../start.ts';
import { sampleCaller } from '../testing/sample-caller.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { startStandInEdge } from '../testing/stand-in-edge.ts';

const loaded = vi.hoisted(() => ({ count: 0 }));
vi.mock('./sdk.ts', async (original) => {
  loaded.count++;
  return await original();
});

const apiKey = randomBytes(24).toString('base64url');
const providerKey = randomBytes(24).toString('base64url');
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const collectorKey = 'a-collector-key-of-tests';

const traceOf = (letter: string) => letter.repeat(32);
const parentOf = (letter: string) => `00-${traceOf(letter)}-${letter.repeat(16)}-01`;

/** A partner's server, and the `traceparent` of each webhook that it got. */
async function samplePartner() {
  const heard: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      heard.push(request.headers['traceparent'] as string | undefined);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
}

async function sampleOrigin(settings: Readonly<Record<string, string>>) {
  const [url, port, edge] = [await createTestDatabase(), await freePorts(1), await startStandInEdge()];
  const callbackUrl = `http://127.0.0.1:${port}/provider-webhooks/simulated`;
  const faults = { latency_ms_min: 0, latency_ms_max: 2, confirm_after_ms: 5 };
  const provider = await startSimulatedProvider({ apiKey: providerKey, secret, callbackUrl, faults });
  const config = readConfig({
    ...{ DATABASE_URL: url, API_KEY: apiKey, INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url, PORT: String(port) },
    ...{ SETTLEMENT_PROVIDERS: 'simulated', SIMULATED_PROVIDER_URL: provider.url, SIMULATED_PROVIDER_KEY: providerKey },
    ...{ SIMULATED_PROVIDER_WEBHOOK_SECRETS: secret, WEBHOOK_LOOPBACK: 'allowed' },
    WEBHOOK_SECRETS_KEY: randomBytes(32).toString('base64'),
    ...settings,
  });
  const lines: string[] = [];
  const origin = await startOrigin(config, createLog({ level: 'info', to: { write: (line) => lines.push(line) } }));
  const database = openDatabase({ url, poolMax: 2, onIdleError: () => {} });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await database.close();
    await origin.stop();
    await Promise.all([edge.close(), provider.close()]);
  };
  onTestFinished(stop);
  const { call, deliver } = sampleCaller({ url: origin.url, apiKey, secret: edge.secret });
  return { call, deliver, database, edge, lines, stop, url: origin.url };
}

const tracedBy = (collector: Collector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorKey}`,
  OTEL_TRACES_SAMPLER_ARG: '1',
});

async function sampleCollector(): Promise<Collector> {
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  return collector;
}

/** A merchant that is owed something and listens to its settlements. */
async function sampleMerchant({ call, database }: Awaited<ReturnType<typeof sampleOrigin>>, url: string) {
  const merchant = {
    name: 'Jane Doe',
    currency: 'USD',
    destinations: { simulated: { account: 'DE89370400440532013000' } },
  };
  const merchant_id = (await call('POST', '/merchants', merchant, { 'idempotency-key': newId('req') })).body[
    'merchant_id'
  ] as `mrch_${string}`;
  await call('POST', '/webhook-endpoints', { merchant_id, url, description: 'Jane Doe', event_types: [] });
  await creditMerchant(database, createHouseAccounts(database.sql), {
    ...{ merchant_id, amount_minor: 10_000n, network: 'native' },
  });
  return merchant_id;
}

const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

// First: what is loaded once stays.
test('where nobody traces, nothing of it is loaded, stored or sent on', async () => {
  const partner = await samplePartner();
  const system = await sampleOrigin({});
  const merchant_id = await sampleMerchant(system, partner.url);
  const asked = { 'idempotency-key': newId('req'), traceparent: parentOf('e') };
  await system.call('POST', '/settlements', { merchant_id, amount_minor: 100, currency: 'USD' }, asked);
  await until(
    async () => partner.heard,
    ({ length }) => length > 0,
  );
  expect(partner.heard).toEqual([undefined]);
  const { rows } = await system.database.sql.query('select trace_parent from settlements');
  expect(rows).toEqual([{ trace_parent: null }]);
  expect(loaded.count).toBe(0);
});

test("a settlement's whole way is one trace: asked for, sent, confirmed, told; batches lead to it by links", async () => {
  const [collector, partner] = [await sampleCollector(), await samplePartner()];
  const system = await sampleOrigin(tracedBy(collector));
  const merchant_id = await sampleMerchant(system, partner.url);
  const body = { merchant_id, amount_minor: 1_234, currency: 'USD' };
  const asked = { 'idempotency-key': newId('req'), traceparent: parentOf('a') };
  expect((await system.call('POST', '/settlements', { ...body, currency: 'XXX' }, asked)).status).toBe(422);
  const made = await system.call('POST', '/settlements', body, { ...asked, 'idempotency-key': newId('req') });
  expect(made.status).toBe(201);
  const settlement_id = made.body['settlement_id'] ?? '';
  const spans = await until(
    async () => collector.spans.filter(({ traceId }) => traceId === traceOf('a')),
    (ours) => ['provider message', 'webhook deliver'].every((name) => named(ours, name).length > 0),
  );

  const [first, second] = named(spans, 'POST /settlements');
  expect(first?.attributes).toMatchObject({ 'http.response.status_code': 422 });
  expect(second?.parentSpanId).toBe('a'.repeat(16));
  expect(second?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/settlements',
    'http.response.status_code': 201,
    'atlas.request_id': expect.stringMatching(/^req_/),
  });
  for (const name of ['provider submit', 'provider message', 'webhook deliver'])
    expect(named(spans, name)[0], name).toMatchObject({ parentSpanId: second?.spanId });
  expect(named(spans, 'provider submit')[0]?.attributes).toMatchObject({
    'peer.service': 'simulated',
    'atlas.settlement_id': settlement_id,
    'atlas.submission': 1,
    'atlas.outcome': 'accepted',
  });
  // The partner can look for it as well: under the span of the attempt that it got.
  const attempts = named(spans, 'webhook deliver').map(({ spanId }) => `00-${traceOf('a')}-${spanId}-01`);
  expect(partner.heard).toEqual(attempts);
  expect(loaded.count).toBe(1);
  const leading = (name: string) => (all: readonly ReceivedSpan[]) =>
    named(all, name).some(({ links }) => links.some(({ traceId }) => traceId === traceOf('a')));
  for (const name of ['settlements claim', 'settlements record'])
    await until(async () => collector.spans, leading(name));
});

test('a purchase of which the edge names the traces is linked from the batch that booked it', async () => {
  const collector = await sampleCollector();
  const { deliver } = await sampleOrigin(tracedBy(collector));
  const card = new SampleCard('tok_9876543210');
  card.clear(card.authorize(500), 500);
  const traces = { 2: `${parentOf('b')} ${parentOf('c')}`, 3: 'no trace', 4: { of: 'nobody' } };
  const { body } = await deliver({ ...card.message(), traces });
  expect(body).toMatchObject({ results: [{ outcome: 'done' }] });
  const [booked] = await until(
    async () => named(collector.spans, 'card events book'),
    (found) => found.length > 0,
  );
  expect(booked?.links).toEqual([
    expect.objectContaining({ traceId: traceOf('b'), spanId: 'b'.repeat(16) }),
    expect.objectContaining({ traceId: traceOf('c'), spanId: 'c'.repeat(16) }),
  ]);
  expect(booked?.attributes).toEqual({ 'messaging.batch.message_count': 1, 'atlas.events': 3 });
});

test('a latency leads to the trace of one purchase, and of one call, that somebody has recorded', async () => {
  const { deliver, call, url } = await sampleOrigin(tracedBy(await sampleCollector()));
  const card = new SampleCard('tok_9876543210');
  card.authorize(500);
  card.authorize(500);
  const traces = { 2: `${parentOf('b').slice(0, -1)}0 ${parentOf('c')}`, 3: `${parentOf('f').slice(0, -1)}0` };
  await deliver({ ...card.message(), traces, answered_ms: { 2: 7, 3: 40 } });
  await call('GET', '/merchants', undefined, { traceparent: parentOf('d') });
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const text = await (await fetch(`${url}/metrics`, { headers: { accept } })).text();
  const leading = text.split('\n').filter((line) => line.includes(' # {'));
  const of = (name: string) => leading.filter((line) => line.startsWith(`${name}_bucket`));
  expect(of('card_authorization_seconds')).toEqual([
    expect.stringMatching(
      `^card_authorization_seconds_bucket\\{le="0.01",network="native"\\} 1 # \\{trace_id="${traceOf('c')}"\\} 0.007 `,
    ),
  ]);
  expect(of('http_server_request_duration_seconds').some((line) => line.includes(traceOf('d')))).toBe(true);
  expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('trace_id');
});

test('a message with anything where its traces should be is booked like any other', async () => {
  const { deliver } = await sampleOrigin({});
  const odd = ['text', 7, [], [[]], null, { 1: 'x'.repeat(10_000) }, { 1: { 2: 3 } }];
  for (const [index, traces] of odd.entries()) {
    const card = new SampleCard(`tok_${index}`);
    card.authorize(500);
    expect((await deliver({ ...card.message(), traces })).body).toMatchObject({ results: [{ outcome: 'done' }] });
  }
});

test('no span names a card, a person, an account, a shop or a secret', async () => {
  const [collector, partner] = [await sampleCollector(), await samplePartner()];
  const system = await sampleOrigin(tracedBy(collector));
  const merchant_id = await sampleMerchant(system, partner.url);
  const card = new SampleCard('tok_of_a_card_9876543210');
  card.clear(card.authorize(500), 500);
  await system.deliver(card.message());
  await system.call(
    'POST',
    '/settlements',
    { merchant_id, amount_minor: 100, currency: 'USD' },
    { 'idempotency-key': 'key-of-jane-doe' },
  );
  await system.call('GET', '/cards/card_of_jane_doe?name=4111111111111111');
  await system.call('GET', '/nothing-here/4111111111111111');
  await system.call('GET', '/merchants', undefined, { authorization: 'Bearer a-key-that-nobody-has-0001' });
  await until(
    async () => collector.spans,
    (all) => named(all, 'webhook deliver').length > 0,
  );
  await system.stop();
  const sent = collector.texts.join('\n');
  expect(collector.spans.length).toBeGreaterThan(8);
  const personal = ['Jane', 'jane', 'DE89370400440532013000', 'tok_of_a_card', '4111111111111111', partner.url];
  const secrets = [
    apiKey,
    providerKey,
    secret,
    secret.slice(6),
    collectorKey,
    'a-key-that-nobody-has',
    system.edge.secret,
  ];
  for (const text of [...personal, ...secrets]) expect(sent.includes(text), text).toBe(false);
  // What the collector asked to see goes into its header.
  expect(collector.headers[0]).toMatchObject({ authorization: `Bearer ${collectorKey}` });
});

test('a line of the log names the trace it belongs to', async () => {
  const collector = await sampleCollector();
  const { call, database, lines } = await sampleOrigin(tracedBy(collector));
  await database.sql.query('select 1');
  await call('GET', '/merchants', undefined, { authorization: 'Bearer nobody', traceparent: parentOf('d') });
  const line = await until(
    async () => lines.find((one) => one.includes('"trace_id"')),
    (found) => found !== undefined,
    15_000,
  );
  expect(JSON.parse(line ?? '{}')).toMatchObject({ trace_id: traceOf('d') });
});

test('a collector that is away holds up neither the service nor its stop', async () => {
  const collector = await startCollector();
  const system = await sampleOrigin(tracedBy(collector));
  await collector.close();
  expect((await system.call('GET', '/merchants')).status).toBe(200);
  const startedMs = performance.now();
  await system.stop();
  expect(performance.now() - startedMs).toBeLessThan(6_000);
});
