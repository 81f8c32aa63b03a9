// A hundred crash points: the engine dies at the k-th thing that it does to the outside, the next one dies too, and a third ends
// the work. Nothing is paid twice, nothing is lost, and everything written proves itself.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import { connectOwner, type Database, openDatabase } from '../../origin/db/client.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';
import type { Provider } from '../../origin/providers/provider.ts';
import { startTemporaryPostgres, type TemporaryServer, withDatabase } from '../../scripts/temporary-postgres.ts';
import {
  ask,
  balanceOf,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  unguarded,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { Mortal } from './mortal.ts';

const crashPoints = 100;
const atOnce = 4;
const settlements = 6;
const amountMinor = 7;

let server: TemporaryServer;
beforeAll(async () => {
  server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  await asOwner('create database crash_template');
  await migrate(withDatabase(server.url, 'crash_template'));
});
afterAll(() => server.stop());

async function asOwner(statement: string): Promise<void> {
  const sql = await connectOwner(server.url);
  await sql.query(statement).finally(() => sql.end());
}

interface Ended {
  readonly point: number;
  readonly diedAt: readonly string[];
  readonly problems: readonly string[];
}

/** Faults of every kind, so that engines die in the middle of trouble too. */
const faults = (point: number) => ({
  latency_ms_max: 8,
  confirm_after_ms: 15,
  error_after_rate: 0.1,
  reset_before_rate: 0.05,
  too_many_rate: 0.1,
  rejected_rate: 0.05,
  rejected_later_rate: 0.05,
  confirmation_lost_rate: 0.15,
  confirmation_duplicated_rate: 0.15,
  answers: point % 3 === 0 ? ('paid' as const) : ('accepted' as const),
});

async function crashAt(point: number): Promise<Ended> {
  await using parts = new AsyncDisposableStack();
  const name = `crash_${point}`;
  await asOwner(`create database ${name} template crash_template`);
  const url = withDatabase(server.url, name);
  const database = openDatabase({ url, poolMax: 6, onIdleError: () => {} });
  parts.defer(() => database.close());
  const primary = await sampleProvider(parts, () => database, faults(point), point + 1);
  const secondary = await sampleProvider(parts, () => database, { answers: 'paid' });
  const destinations = { simulated: { account: 'acc-1' }, other: { account: 'acc-2' } };
  const merchant = await sampleMerchant(database, 1_000n, { destinations });
  const ids: string[] = [];
  for (let n = 0; n < settlements; n += 1) ids.push(await ask(database, merchant, amountMinor));

  const other: Provider = { ...secondary.client(), name: 'other', problemOfDestination: () => null };
  const providers = [unguarded(primary.client()), unguarded(other)];
  // Short leases, so that what a dead engine had in hand is soon another's.
  const bounds = { leaseMs: 400, claimMax: 2, recordMax: 2, recordWaitMs: 1, idleMs: 10 };
  const mortals = [new Mortal(1 + point * 2), new Mortal(1 + ((point * 37) % 120))];
  for (const mortal of mortals) {
    const own = {
      database: mortal.database(database),
      providers: providers.map((provider) => mortal.provider(provider)),
    };
    const engine = sampleEngine({ ...own, bounds });
    engine.start();
    await until(
      () => mortal.diedAt,
      (diedAt) => diedAt !== null,
      20_000,
    );
    await engine.stop();
  }
  const last = sampleEngine({ database, providers, bounds });
  last.start();
  parts.defer(() => last.stop());
  const problems = await problemsOf({
    database,
    url,
    ids,
    merchant,
    books: [primary.server.books, secondary.server.books],
  });
  return { point, diedAt: mortals.map(({ diedAt }) => diedAt ?? ''), problems };
}

interface End {
  readonly database: Database;
  readonly url: string;
  readonly ids: readonly string[];
  readonly merchant: string;
  readonly books: readonly Awaited<ReturnType<typeof sampleProvider>>['server']['books'][];
}

async function problemsOf({ database, url, ids, merchant, books }: End): Promise<string[]> {
  const problems: string[] = [];
  const over = await untilOver(database, ids, 30_000);
  const payments = books.flatMap((book) => [...book.entries()].filter(({ state }) => state === 'paid'));
  for (const { settlement_id, state, dead_lettered } of over) {
    const paid = payments.filter(({ order }) => order.settlement_id === settlement_id);
    if (paid.length > 1) problems.push(`${settlement_id} was paid ${paid.length} times`);
    if ((state === 'completed') !== (paid.length === 1))
      problems.push(`${settlement_id} is ${state}, paid: ${paid.length}`);
    if (dead_lettered && state !== 'retry_pending') problems.push(`${settlement_id} is dead and ${state}`);
    if (paid.some(({ order }) => order.amount_minor !== String(amountMinor)))
      problems.push(`${settlement_id}: another amount`);
  }
  const completed = over.filter(({ state }) => state === 'completed').length;
  const reserved = over.filter(({ dead_lettered }) => dead_lettered).length;
  const expected = `1000 ${reserved * amountMinor} ${completed * amountMinor}`;
  const balance = await balanceOf(database, merchant);
  if (balance !== expected) problems.push(`the merchant's balance is ${balance}, not ${expected}`);
  problems.push(...(await verifyLedger(database.sql)).differences);
  const owner = await connectOwner(url);
  const proof = await verifyAudit(owner).finally(() => owner.end());
  problems.push(...proof.faults.map(({ says }) => says));
  return problems;
}

test(`${crashPoints} crash points: nothing is paid twice, nothing is lost, every record proves itself`, {
  timeout: 400_000,
}, async () => {
  const points = Array.from({ length: crashPoints }, (_, index) => index).values();
  const ended: Ended[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const point of points) ended.push(await crashAt(point));
    }),
  );
  expect(ended.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(ended).toHaveLength(crashPoints);
  // They died where it matters, not only while looking for work.
  const places = new Set(ended.flatMap(({ diedAt }) => diedAt));
  for (const place of ['before commit', 'after commit', 'before submit', 'after submit', 'after update_settlements'])
    expect([...places]).toContain(place);
});
