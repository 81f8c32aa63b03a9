// The trace goes where the work goes: into every call to a provider and to the edge, through queues of places, out of a queue's
// message and out of a scheduled run.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../../scripts/test-otlp.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { guard, sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createEdgeClient } from '../edge/edge-client.ts';
import { endRuns } from '../payouts/end-runs.ts';
import { openRuns } from '../payouts/runs.ts';
import { takeSettlementMessages } from '../payouts/settlement-queue.ts';
import type { Provider } from '../providers/provider.ts';
import { createSimulatedProvider } from '../providers/simulated.ts';
import { createStripeProvider } from '../providers/stripe.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { idsThatAreNoCards } from './sdk.ts';
import { currentTraceParent, inSpan } from './spans.ts';
import { startTracing, type Tracing } from './start-tracing.ts';

const parentOf = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
const never = new AbortController().signal;

let collector: Collector;
let tracing: Tracing;
beforeEach(async () => {
  collector = await startCollector();
  const config = { ENVIRONMENT: 'development', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: 1 };
  tracing = await startTracing(config, silent);
});
afterEach(async () => {
  await tracing.stop();
  await collector.close();
});

let database: Database;
beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

/** Answers all with 500, after a moment, and keeps what it was asked. */
async function listener() {
  const asked: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => response.writeHead(500, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const calls: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the simulated provider, submit': (url) =>
    createSimulatedProvider({ url, apiKey: 'key', webhookSecrets: [] }).submit(
      sampleSubmission({ account: 'a' }),
      never,
    ),
  'the simulated provider, ask': (url) =>
    createSimulatedProvider({ url, apiKey: 'key', webhookSecrets: [] }).ask(
      sampleSubmission({ account: 'a' }),
      null,
      never,
    ),
  'Stripe, submit': (url) =>
    createStripeProvider({ url, apiKey: 'key', webhookSecrets: [] }).submit(
      sampleSubmission({ account: 'acct_1' }),
      never,
    ),
  'Stripe, ask': (url) =>
    createStripeProvider({ url, apiKey: 'key', webhookSecrets: [] }).ask(
      sampleSubmission({ account: 'acct_1' }),
      'tr_1',
      never,
    ),
};

test.each(Object.entries(calls))(
  '%s: the call carries the span that it is made in, and keeps its own headers',
  async (_, call) => {
    const { url, asked } = await listener();
    let parent: string | null = null;
    await inSpan('settlement', { parent: parentOf('a') }, async () => {
      parent = currentTraceParent();
      await call(url);
    });
    expect(asked).toHaveLength(1);
    expect(parent).toMatch(/^00-a{32}-/);
    expect(asked[0]?.headers).toMatchObject({ traceparent: parent, authorization: 'Bearer key' });
  },
);

test('a call to the edge is a span, and carries it; one that fails is marked', async () => {
  const { url, asked } = await listener();
  const secret = `whsec_${Buffer.from('a secret of tests, 24+ bytes').toString('base64')}`;
  const edge = createEdgeClient({ url, secret });
  await inSpan('around', { parent: parentOf('b') }, () =>
    expect(edge.eventsAfter({ network: 'native', card_token: 'tok_of_a_card' }, 0)).rejects.toThrow('answered 500'),
  );
  await tracing.stop();
  const [span] = collector.spans.filter(({ name }) => name === 'edge GET');
  expect(asked[0]?.headers['traceparent']).toBe(`00-${'b'.repeat(32)}-${span?.spanId}-01`);
  expect(span).toMatchObject({
    status: { code: 2 },
    attributes: { 'error.type': 'status_500', 'peer.service': 'edge' },
  });
  expect(collector.texts.join('')).not.toContain('tok_of_a_card');
});

test('an exchange that waited for its place is made in its own trace, and not in that of who left the place', async () => {
  const seen: (string | null)[] = [];
  const answers: (() => void)[] = [];
  const slow: Provider = {
    ...createSimulatedProvider({ url: 'http://127.0.0.1:9', apiKey: 'key', webhookSecrets: [] }),
    submit: async () => {
      seen.push(currentTraceParent()?.slice(3, 35) ?? null);
      await new Promise<void>((resolve) => answers.push(resolve));
      return { outcome: 'paid', provider_reference: 'p' };
    },
  };
  const narrow = guard(slow, { concurrencyMax: 1, queueMax: 10 });
  const traces = ['1', '2', '3', '4'];
  const all = traces.map((digit) =>
    inSpan('settlement', { parent: parentOf(digit) }, () => narrow.submit(sampleSubmission({ account: 'a' }), never)),
  );
  for (let done = 0; done < traces.length; done++) {
    await until(
      () => answers.length,
      (length) => length > done,
    );
    answers[done]?.();
  }
  await Promise.all(all);
  expect(seen).toEqual(traces.map((digit) => digit.repeat(32)));
});

/** Of a settlement: its trace as its row has it. */
async function traceOf(settlement_id: string): Promise<string | null> {
  const { rows } = await database.sql.query<{ trace_parent: string | null }>(
    'select trace_parent from settlements where settlement_id = $1',
    [settlement_id],
  );
  return rows[0]?.trace_parent ?? null;
}
const under = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

test.each([
  ['its sender names', parentOf('c'), 'c'.repeat(32)],
  ['it begins itself, where its sender names none', undefined, null],
  ['it begins itself, where what its sender names is none', 'Jane Doe', null],
  ['it begins itself, where that is no text', { of: ['nobody'] }, null],
  ['it begins itself, where it looks like a card number', `00-${'c'.repeat(32)}-4111111111111111-01`, null],
])('a settlement asked for by queue belongs to the trace that %s', async (_, traceparent, trace) => {
  const settlement = { merchant_id: await sampleMerchant(database, 1_000n), amount_minor: 100, currency: 'USD' };
  const body = { version: 1, settlement_id: newId('stl'), correlation_id: 'batch:7', settlement, traceparent };
  expect(await takeSettlementMessages(database, [{ id: '1', body }], silent)).toEqual([{ id: '1', outcome: 'done' }]);
  await tracing.stop();
  const [span] = under(collector.spans, 'settlement request');
  expect(await traceOf(body.settlement_id)).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  if (trace !== null) expect(span).toMatchObject({ traceId: trace, parentSpanId: 'c'.repeat(16) });
  expect(collector.texts.join('')).not.toContain('Jane');
});

test('a settlement of a scheduled run begins a trace of its own', async () => {
  const schedule = { schedule: { time: '00:00', zone: 'UTC' } };
  const merchants = [
    await sampleMerchant(database, 1_000n, schedule),
    await sampleMerchant(database, 1_000n, schedule),
  ];
  await openRuns(database, Date.now() + 24 * 3_600_000, silent);
  await endRuns({ database, providers: [], log: silent });
  await tracing.stop();
  const { rows } = await database.sql.query<{ trace_parent: string }>(
    'select trace_parent from settlements where merchant_id = any ($1) order by trace_parent',
    [merchants],
  );
  const begun = under(collector.spans, 'settlement run').map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
  expect(rows.map(({ trace_parent }) => trace_parent)).toEqual(begun.toSorted());
  expect(new Set(begun).size).toBe(2);
});

test('an id that could be taken for a card number is drawn again', () => {
  const [traces, spans] = [
    ['4111111111111111'.padEnd(32, '0'), 'c'.repeat(32)],
    ['4111111111111111', 'd'.repeat(16)],
  ];
  const ids = idsThatAreNoCards({
    generateTraceId: () => traces.shift() ?? '',
    generateSpanId: () => spans.shift() ?? '',
  });
  expect([ids.generateTraceId(), ids.generateSpanId()]).toEqual(['c'.repeat(32), 'd'.repeat(16)]);
});
