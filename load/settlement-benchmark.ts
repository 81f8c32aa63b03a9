// How long a settlement takes from being accepted to being final, at a given rate and with a peak in the middle, and how many a
// minute the engine finishes when there is always more to do. Durable Postgres, hash chains and triggers on; the provider is a
// process of its own that takes 50 ms and confirms by webhook 50 ms later. Each settlement is asked for in a transaction of its
// own, as the API does it; HTTP itself is measured elsewhere.

import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Id } from '../contracts/ids.ts';
import { verifyAudit } from '../origin/audit/verify-audit.ts';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { migrate } from '../origin/db/migrate.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { createMerchant, creditMerchant } from '../origin/merchants/merchants.ts';
import { createSettlement, createSettlements } from '../origin/payouts/create.ts';
import { SettlementEngine } from '../origin/payouts/engine.ts';
import { createProviderInbox } from '../origin/payouts/provider-inbox.ts';
import { createSettlementMetrics } from '../origin/payouts/settlement-metrics.ts';
import { guarded } from '../origin/providers/guarded.ts';
import { createProviderMetrics } from '../origin/providers/provider-metrics.ts';
import { createSimulatedProvider } from '../origin/providers/simulated.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { providerTotals, startProviderProcess } from './provider-process.ts';
import { started } from './started.ts';
import { rounded } from './statistics.ts';

export interface SettlementFigures {
  readonly rate_per_min: number;
  readonly accepted_to_final_p50_ms: number;
  readonly accepted_to_final_p99_ms: number;
  readonly peak_per_min: number;
  readonly peak_accepted_to_final_p99_ms: number;
  /** Finished a minute, with a backlog all the time. */
  readonly saturates_at_per_min: number;
  /** Not accepted, not completed, paid twice, and differences that the proofs found. */
  readonly errors: number;
}

export interface SettlementLoad {
  readonly seconds: number;
  readonly rate_per_min: number;
  /** Times the rate, for the middle fifth. */
  readonly peak: number;
  /** Asked for at once, to find where it saturates. */
  readonly backlog?: number;
}

const merchants = 50;
const askingAtOnce = 16;
const backlogDefault = 20_000;
const doer = { actor: 'akey_bench', correlation_id: 'bench' };
const log = pino({ level: 'error' }, pino.destination(2));

export async function measureSettlement(
  progress: (line: string) => void,
  { seconds, rate_per_min, peak, backlog = backlogDefault }: SettlementLoad,
): Promise<{ settlement: SettlementFigures }> {
  await using parts = started();
  const server = await startTemporaryPostgres();
  parts.defer(() => server.stop());
  await migrate(server.url);
  const database = openDatabase({ url: server.url, poolMax: 20, onIdleError: () => {} });
  parts.defer(() => database.close());
  const { provider, totals } = await startProvider(parts, database);
  const merchantIds = await makeMerchants(database);
  const metrics = createSettlementMetrics(new Registry());
  const engine = new SettlementEngine({ database, providers: [provider], log, metrics });
  engine.start();
  parts.defer(() => engine.stop());

  const analyze = async () => {
    const owner = await connectOwner(server.url);
    await owner.query('analyze').finally(() => owner.end());
  };
  const asked = await askAtRate(database, merchantIds, { seconds, rate_per_min, peak }, progress);
  await untilFinal(database, progress);
  const normal = await latencies(database, asked.normal);
  const high = await latencies(database, asked.peak);
  progress(`settlement: p50 ${normal.p50} ms, p99 ${normal.p99} ms; in the peak p99 ${high.p99} ms`);
  const saturates_at_per_min = await drain(database, merchantIds, backlog, { progress, analyze });

  const { rows } = await database.sql.query<{ unfinished: string }>(
    `select count(*) as unfinished from settlements where state <> 'completed'`,
  );
  const owner = await connectOwner(server.url);
  const proof = await verifyAudit(owner).finally(() => owner.end());
  const { differences } = await verifyLedger(database.sql);
  const { paid_twice } = await totals();
  const errors =
    asked.failed + Number(rows[0]?.unfinished) + paid_twice.length + proof.faults.length + differences.length;
  return {
    settlement: {
      rate_per_min,
      accepted_to_final_p50_ms: normal.p50,
      accepted_to_final_p99_ms: normal.p99,
      peak_per_min: rate_per_min * peak,
      peak_accepted_to_final_p99_ms: high.p99,
      saturates_at_per_min,
      errors,
    },
  };
}

async function startProvider(parts: AsyncDisposableStack, database: Database) {
  const app = new Hono();
  const listener = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  parts.defer(() => {
    listener.close();
  });
  const callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  const { url, adminUrl, apiKey, secret } = await startProviderProcess(parts, callback);
  const client = createSimulatedProvider({ url, apiKey, webhookSecrets: [secret] });
  parts.defer(async () => client.close?.());
  const inbox = createProviderInbox(database.sql);
  app.post('/', async (context) => {
    await inbox.receive(client, context.req.raw.headers, await context.req.text());
    return context.body(null, 204);
  });
  const provider = guarded(client, { metrics: createProviderMetrics(new Registry()), log });
  return { provider, totals: () => providerTotals(adminUrl) };
}

async function makeMerchants(database: Database): Promise<Id<'mrch'>[]> {
  const house = createHouseAccounts(database.sql);
  const ids: Id<'mrch'>[] = [];
  for (let n = 0; n < merchants; n += 1) {
    const merchant = { name: `Merchant ${n}`, currency: 'USD', destinations: { simulated: { account: `acc-${n}` } } };
    const merchant_id = await database.transaction((sql) => createMerchant(sql, merchant, doer));
    await creditMerchant(database, house, { merchant_id, amount_minor: 1_000_000_000n, network: 'native' });
    ids.push(merchant_id);
  }
  return ids;
}

interface Asked {
  readonly normal: readonly string[];
  readonly peak: readonly string[];
  readonly failed: number;
}

/** Asks as the clock says, whether or not the answers have come; at most so many at once, and then it is late, and measured so. */
async function askAtRate(
  database: Database,
  merchantIds: readonly Id<'mrch'>[],
  { seconds, rate_per_min, peak }: SettlementLoad,
  progress: (line: string) => void,
): Promise<Asked> {
  const asked = { normal: [] as string[], peak: [] as string[], failed: 0 };
  const startMs = performance.now();
  const due = dueTimes({ seconds, rate_per_min, peak });
  let saidAt = 0;
  const turns = due.entries();
  await Promise.all(
    Array.from({ length: askingAtOnce }, async () => {
      for (const [turn, { atMs, isPeak }] of turns) {
        const waitMs = startMs + atMs - performance.now();
        if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
        const merchant_id = merchantIds[turn % merchantIds.length] ?? 'mrch_';
        const settlement = { merchant_id, amount_minor: 1 + (turn % 500), currency: 'USD' };
        await database
          .transaction((sql) => createSettlement(sql, settlement, doer))
          .then(
            (id) => asked[isPeak ? 'peak' : 'normal'].push(id),
            () => {
              asked.failed += 1;
            },
          );
        const second = Math.floor((performance.now() - startMs) / 5_000);
        if (second > saidAt) {
          saidAt = second;
          const lateMs = Math.max(0, Math.round(performance.now() - startMs - atMs));
          progress(`settlement: ${turn + 1} of ${due.length} asked for, ${lateMs} ms behind the clock`);
        }
      }
    }),
  );
  return asked;
}

function dueTimes({ seconds, rate_per_min, peak }: SettlementLoad): { atMs: number; isPeak: boolean }[] {
  const due: { atMs: number; isPeak: boolean }[] = [];
  const [from, to] = [seconds * 400, seconds * 600];
  for (let atMs = 0; atMs < seconds * 1_000; ) {
    const isPeak = atMs >= from && atMs < to;
    due.push({ atMs, isPeak });
    atMs += 60_000 / (rate_per_min * (isPeak ? peak : 1));
  }
  return due;
}

async function untilFinal({ sql }: Database, progress: (line: string) => void): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  for (let saidMs = 0; ; ) {
    const { rows } = await sql.query<{ left: string }>(
      `select count(*) as left from settlements where state in ('queued', 'processing', 'retry_pending')`,
    );
    const left = Number(rows[0]?.left);
    if (left === 0 || performance.now() > deadlineMs) return;
    if (performance.now() - saidMs > 2_000) {
      saidMs = performance.now();
      progress(`settlement: ${left} are not final yet`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function latencies({ sql }: Database, ids: readonly string[]): Promise<{ p50: number; p99: number }> {
  const { rows } = await sql.query<{ p50: string; p99: string }>(
    `select percentile_disc(0.5) within group (order by ms) as p50, percentile_disc(0.99) within group (order by ms) as p99
     from (select extract(epoch from final_at - created_at) * 1000 as ms from settlements where settlement_id = any($1::text[])) as took`,
    [ids],
  );
  return { p50: rounded(Number(rows[0]?.p50), 0), p99: rounded(Number(rows[0]?.p99), 0) };
}

/** Everything asked for at once: how many a minute become final. */
async function drain(
  database: Database,
  merchantIds: readonly Id<'mrch'>[],
  backlog: number,
  { progress, analyze }: { progress: (line: string) => void; analyze: () => Promise<void> },
): Promise<number> {
  for (let from = 0; from < backlog; from += 500)
    await database.transaction((sql) =>
      createSettlements(
        sql,
        Array.from({ length: 500 }, (_, n) => {
          const merchant_id = merchantIds[(from + n) % merchantIds.length] ?? 'mrch_';
          return { ...doer, settlement: { merchant_id, amount_minor: 1, currency: 'USD' } };
        }),
        [],
      ),
    );
  // As a database that has run for a while has them; this one is too young for its own schedule.
  await analyze();
  const finished = async () => {
    const { rows } = await database.sql.query<{ n: string }>(
      `select count(*) as n from settlements where final_at is not null`,
    );
    return Number(rows[0]?.n);
  };
  const before = await finished();
  const startMs = performance.now();
  await untilFinal(database, progress);
  const perMin = ((await finished()) - before) / ((performance.now() - startMs) / 60_000);
  progress(`settlement: ${Math.round(perMin)} a minute with a backlog`);
  return rounded(perMin, 0);
}
