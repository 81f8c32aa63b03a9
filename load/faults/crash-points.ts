// The settlement engine dies at the k-th thing that it does to the outside, the next one dies too, and a third ends the work; with
// faults at the provider all the while. Nothing may be paid twice, nothing be lost, and everything written proves itself.
// What dies is an engine within this process: its transactions are rolled back and nothing it does reaches anybody any more.

import { withoutCause } from '../../origin/audit/causes.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import { type Database, openDatabase } from '../../origin/db/client.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';
import type { Provider } from '../../origin/providers/provider.ts';
import { startTemporaryPostgres, withDatabase } from '../../scripts/temporary-postgres.ts';
import {
  ask,
  balanceOf,
  type Standing,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  unguarded,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { Mortal } from './mortal.ts';

export interface CrashPointsReport {
  readonly fault: 'crash-points';
  readonly points: number;
  /** Engines that took over from a dead one. */
  readonly restarts: number;
  readonly settlements: number;
  readonly paid_twice: number;
  /** Not there any more, paid and not completed, or completed and not paid. */
  readonly lost: number;
  /** Neither completed nor failed nor set aside, or at a step where that state cannot stand. */
  readonly in_forbidden_state: number;
  /** A sentence for each of the above, and for whatever else does not agree: balances, ledger, audit trail. */
  readonly findings: readonly string[];
  /** What the engines were about to do, or had just done. */
  readonly died_at: readonly string[];
}

export interface CrashPointsOptions {
  readonly points: number;
  readonly progress: (line: string) => void;
}

const atOnce = 4;
const settlements = 6;
const amountMinor = 7;
const owedMinor = 1_000;
/** Things that an engine does until these settlements are over; further points meet other faults at the same places. */
const placesMax = 200;

/**
 * Where it matters most that an engine may die: the first points aim at these. Which place the k-th thing is, is the machine's:
 * the others come where they come.
 */
export const aimedAt = [
  'before submit',
  'after submit',
  'before commit',
  'after commit',
  'after update_settlements',
] as const;

export async function crashPoints(
  parts: AsyncDisposableStack,
  { points, progress }: CrashPointsOptions,
): Promise<CrashPointsReport> {
  // It is the engine that dies: the database server does not, so that its disk need not be waited for.
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  parts.defer(() => server.stop());
  const asOwner = async (statement: string) => {
    const sql = await connectOwner(server.url);
    await sql.query(statement).finally(() => sql.end());
  };
  await asOwner('create database crash_template');
  await migrate(withDatabase(server.url, 'crash_template'));
  const ended: Ended[] = [];
  await fewAtATime(
    Array.from({ length: points }, (_, index) => index),
    async (point) => {
      const name = `crash_${point}`;
      await asOwner(`create database ${name} template crash_template`);
      ended.push(await crashAt(point, withDatabase(server.url, name)));
      await asOwner(`drop database ${name} with (force)`);
      if (ended.length % 20 === 0) progress(`${ended.length} of ${points} crash points`);
    },
    atOnce,
  );
  const sum = (read: (one: Ended) => number) => ended.reduce((total, one) => total + read(one), 0);
  return {
    fault: 'crash-points',
    points: ended.length,
    restarts: sum(({ restarts }) => restarts),
    settlements: ended.length * settlements,
    paid_twice: sum(({ paidTwice }) => paidTwice),
    lost: sum(({ lost }) => lost),
    in_forbidden_state: sum(({ forbidden }) => forbidden),
    findings: ended.flatMap(({ point, findings }) => findings.map((says) => `point ${point}: ${says}`)),
    died_at: [...new Set(ended.flatMap(({ diedAt }) => diedAt))].sort(),
  };
}

interface Ended {
  readonly point: number;
  readonly diedAt: readonly string[];
  readonly restarts: number;
  readonly paidTwice: number;
  readonly lost: number;
  readonly forbidden: number;
  readonly findings: readonly string[];
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

async function crashAt(point: number, url: string): Promise<Ended> {
  await using parts = new AsyncDisposableStack();
  const database = openDatabase({ url, poolMax: 6, onIdleError: () => {} });
  parts.defer(() => database.close());
  const primary = await sampleProvider(parts, () => database, faults(point), point + 1);
  const secondary = await sampleProvider(parts, () => database, { answers: 'paid' });
  const destinations = { simulated: { account: 'acc-1' }, other: { account: 'acc-2' } };
  const merchant = await sampleMerchant(database, BigInt(owedMinor), { destinations });
  const ids: string[] = [];
  for (let n = 0; n < settlements; n += 1) ids.push(await ask(database, merchant, amountMinor));

  const other: Provider = { ...secondary.client(), name: 'other', problemOfDestination: () => null };
  const providers = [unguarded(primary.client()), unguarded(other)];
  // Short leases, so that what a dead engine had in hand is soon another's.
  const bounds = { leaseMs: 400, claimMax: 2, recordMax: 2, recordWaitMs: 1, idleMs: 10 };
  const aim = aimedAt[point];
  const first = aim === undefined ? new Mortal(1 + ((point * 2) % placesMax)) : new Mortal(1, aim);
  const mortals = [first, new Mortal(1 + ((point * 37) % 120))];
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
  const books = [primary.server.books, secondary.server.books];
  return {
    point,
    diedAt: mortals.map(({ diedAt }) => diedAt ?? ''),
    restarts: mortals.length,
    ...(await judge({ database, url, ids, merchant, books })),
  };
}

interface End {
  readonly database: Database;
  readonly url: string;
  readonly ids: readonly string[];
  readonly merchant: string;
  readonly books: readonly Awaited<ReturnType<typeof sampleProvider>>['server']['books'][];
}

async function judge({ database, url, ids, merchant, books }: End) {
  // What is not over in time is judged as it stands.
  const over = await untilOver(database, ids, 30_000).catch(() => standingOf(database, ids));
  const payments = books.flatMap((book) => [...book.entries()].filter(({ state }) => state === 'paid'));
  const findings: string[] = [];
  const count = { paidTwice: 0, lost: 0, forbidden: 0 };
  const find = (what: keyof typeof count, says: string) => {
    count[what] += 1;
    findings.push(says);
  };
  for (const id of ids) {
    const row = over.find(({ settlement_id }) => settlement_id === id);
    const paid = payments.filter(({ order }) => order.settlement_id === id);
    if (paid.length > 1) find('paidTwice', `${id} was paid ${paid.length} times`);
    if (row === undefined) find('lost', `${id} is not there`);
    else if ((row.state === 'completed') !== paid.length > 0)
      find('lost', `${id} is ${row.state}, paid: ${paid.length}`);
    if (row !== undefined && !mayEnd(row))
      find('forbidden', `${id} ended ${row.state}${row.dead_lettered ? ', set aside' : ''}`);
    if (paid.some(({ order }) => order.amount_minor !== String(amountMinor))) findings.push(`${id}: another amount`);
  }
  const completed = over.filter(({ state }) => state === 'completed').length;
  const reserved = over.filter(({ dead_lettered }) => dead_lettered).length;
  const expected = `${owedMinor} ${reserved * amountMinor} ${completed * amountMinor}`;
  const balance = await balanceOf(database, merchant);
  if (balance !== expected) findings.push(`the merchant's balance is ${balance}, not ${expected}`);
  findings.push(...(await verifyLedger(database.sql)).differences);
  const owner = await connectOwner(url);
  try {
    findings.push(...(await verifyAudit(owner)).faults.map(({ says }) => says), ...(await withoutCause(owner)));
  } finally {
    await owner.end();
  }
  return { ...count, findings };
}

/** Final, or set aside for a person with its reservation. */
function mayEnd({ state, dead_lettered }: Standing): boolean {
  return dead_lettered ? state === 'retry_pending' : state === 'completed' || state === 'failed';
}
