// The whole origin, told to stop at any instant under requests, settlements and webhooks: what it has accepted is stored, what it
// had in hand is written down, and when it has stopped it says nothing more.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { freePorts } from '../scripts/free-port.ts';
import { type SimulatedProvider, startSimulatedProvider } from '../scripts/simulated-provider/server.ts';
import { createTestDatabase, ownerUrl } from '../scripts/test-postgres.ts';
import { sampleMerchant } from '../scripts/test-settlements.ts';
import { until } from '../scripts/test-waiting.ts';
import { readConfig } from './config.ts';
import { openDatabase } from './db/client.ts';
import { connectOwner } from './db/which-postgres.ts';
import { verifyLedger } from './ledger/verify.ts';
import { type Origin, startOrigin } from './start.ts';
import { startPartner } from './testing/sample-partner.ts';
import { type StandInEdge, startStandInEdge } from './testing/stand-in-edge.ts';

const apiKey = randomBytes(24).toString('base64url');
const providerKey = randomBytes(24).toString('base64url');
const secret = `whsec_${randomBytes(32).toString('base64')}`;
/** What is in hand here takes milliseconds; production drains requests for 15 seconds and a webhook for 17. */
const stopMsMax = 5_000;

let url: string;
let port: number;
let owner: Awaited<ReturnType<typeof connectOwner>>;
let edge: StandInEdge;
let provider: SimulatedProvider;
let partner: Awaited<ReturnType<typeof startPartner>>;
const logged: string[] = [];

beforeAll(async () => {
  url = await createTestDatabase();
  // Not one that the system gives to connections: between two origins it is nobody's.
  port = await freePorts(1);
  owner = await connectOwner(ownerUrl(url));
  edge = await startStandInEdge();
  partner = await startPartner((number) => ({ status: 204, afterMs: (number % 7) * 20 }));
  const callbackUrl = `http://127.0.0.1:${port}/provider-webhooks/simulated`;
  provider = await startSimulatedProvider({ apiKey: providerKey, secret, callbackUrl });
  return async () => {
    await Promise.all([owner.end(), edge.close(), provider.close()]);
    partner.close();
  };
});

function start(): Promise<Origin> {
  const config = readConfig({
    ...{ DATABASE_URL: url, API_KEY: apiKey, INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url, PORT: String(port) },
    ...{ SETTLEMENT_PROVIDERS: 'simulated', SIMULATED_PROVIDER_URL: provider.url, SIMULATED_PROVIDER_KEY: providerKey },
    ...{ SIMULATED_PROVIDER_WEBHOOK_SECRETS: secret, WEBHOOK_LOOPBACK: 'allowed' },
    ...{ RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' },
  });
  return startOrigin(config, pino({ level: 'error' }, { write: (line: string) => logged.push(line) }));
}

async function newMerchant(): Promise<string> {
  const database = openDatabase({ url, poolMax: 1, onIdleError: () => {} });
  return await sampleMerchant(database, 100_000n).finally(() => database.close());
}

function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': newId('req') },
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Asks for settlements until nobody answers any more; some of its requests are given up at once. */
async function ask(merchant_id: string, accepted: string[], isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const gaveUp = new AbortController();
    const asked = post('/settlements', { merchant_id, amount_minor: 1, currency: 'USD' }, gaveUp.signal);
    if (turn % 5 === 4) gaveUp.abort();
    const answer = await asked.catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.status === 201 && body !== null) accepted.push((body as { settlement_id: string }).settlement_id);
  }
}

async function count(statement: string, values: unknown[] = []): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(`select count(*)::int as count from ${statement}`, values);
  return rows[0]?.count ?? -1;
}

const finals = `settlements where settlement_id = any($1::text[]) and state = 'completed'`;

/** As soon as it has stopped: everything is in the database, and nothing of it is anybody's. */
async function expectWrittenDown(accepted: readonly string[]): Promise<void> {
  const said = () => [[...provider.books.entries()].length, partner.received.length];
  const before = said();
  expect(await count('settlements where settlement_id = any($1::text[])', [accepted])).toBe(accepted.length);
  expect(await count('settlements where lease_owner is not null')).toBe(0);
  expect(await count('webhook_messages where lease_until is not null')).toBe(0);
  const ofOrigin = `pg_stat_activity where datname = current_database() and application_name = 'atlas-origin'`;
  await until(
    () => count(ofOrigin),
    (connections) => connections === 0,
  );
  expect(
    await count(`pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and datname = current_database()`),
  ).toBe(0);
  expect(said()).toEqual(before);
}

const plan = fc.record({
  callers: fc.integer({ min: 1, max: 6 }),
  /** Told to stop once so many have been accepted, and so many milliseconds later. */
  accepted: fc.nat(60),
  laterMs: fc.nat(20),
  answers: fc.constantFrom('paid' as const, 'accepted' as const),
  latency_ms_max: fc.constantFrom(0, 10, 40),
});

test('shutdown: whatever it is doing, the origin stops in time, loses nothing that it accepted, and the next one goes on', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ callers, accepted: enough, laterMs, answers, latency_ms_max }) => {
      await provider.setFaults({ answers, latency_ms_min: 0, latency_ms_max, confirm_after_ms: 5 });
      const merchant_id = await newMerchant();
      const origin = await start();
      expect((await post('/webhook-endpoints', { merchant_id, url: partner.url })).status).toBe(201);
      const accepted: string[] = [];
      let isOver = false;
      const asking = Array.from({ length: callers }, () => ask(merchant_id, accepted, () => isOver));
      await until(
        () => accepted.length,
        (so_far) => so_far >= enough,
      );
      await new Promise((resolve) => setTimeout(resolve, laterMs));
      const startMs = performance.now();
      await origin.stop();
      expect(performance.now() - startMs).toBeLessThan(stopMsMax);
      isOver = true;
      await Promise.all(asking);
      await expectWrittenDown(accepted);

      const next = await start();
      // Five minutes pass for those whose provider's word did not find anybody.
      await owner.query(`update settlements set due_at = now() where state = 'processing'`);
      await until(
        () => count(finals, [accepted]),
        (paid) => paid === accepted.length,
      );
      await until(
        () => count(`webhook_messages where state = 'pending'`),
        (pending) => pending === 0,
      );
      await next.stop();
      expect(provider.books.totals().paid_twice).toEqual([]);
    }),
    // Not made smaller: an instant does not come again.
    { numRuns: 8, endOnFailure: true },
  );
  expect((await verifyLedger(owner)).differences).toEqual([]);
  expect(logged).toEqual([]);
});
