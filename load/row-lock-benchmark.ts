// Atlas as a whole beside what one would write instead: a row lock in the same Postgres, durable, behind a bare HTTP server. Both are
// asked with the same bytes by the same client, in turn; Atlas has booked all that it answered before the row lock's turn comes.
// In the processor time is every process but the client's, which has the queue's relay in it too, less what they take when nothing is asked.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Sql } from '../origin/db/client.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { withDatabase } from '../scripts/temporary-postgres.ts';
import { type RunningSystem, startSystem } from './faults/system.ts';
import { gatewayRequests } from './gateway-requests.ts';
import { measureMany, type Round } from './many-connections.ts';
import { makeCards } from './origin-cards.ts';
import { putFirst } from './precedence.ts';
import { between, childrenOf, readProcessors, serverPid } from './processor-time.ts';
import { started } from './started.ts';
import { median, rounded } from './statistics.ts';
import { allBooked, idleMsASecond, processorsOfSystem } from './whole-system.ts';

const connections = 32;
const cardCount = 1_000;
/** Cards are made as fast as the origin takes them. */
const noQuota = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' };
const warmUpSeconds = 2;
/** As many as the cards spend in no run. */
const limitMinor = 1e15;

const ways = ['atlas', 'steps', 'statement'] as const;
type Way = (typeof ways)[number];
interface Measured extends Round {
  /** Processor time for each answer. */
  readonly cpu_ms: number;
}

interface Bench {
  readonly system: RunningSystem;
  readonly rowLock: { readonly url: string; readonly pid: number };
  readonly postgres: number;
  /** Processor time of a second in which nothing is asked, in ms: loops of the origin, Postgres. */
  idleMs: number;
}

export interface RowLockOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Before what else the machine does, the client too. */
  readonly first: boolean;
  readonly progress: (line: string) => void;
}

export async function measureRowLock({ rounds, seconds, first, progress }: RowLockOptions) {
  await using parts = started();
  progress('row lock: starting Postgres, origin, edge and the row lock');
  const system = await startSystem(parts, { environment: noQuota });
  // What they start from now on is before others too: the row lock, and Postgres' connections.
  const ours = [process.pid, ...childrenOf(process.pid)];
  if (first) putFirst([...ours, ...ours.flatMap(childrenOf)]);
  const cardTokens = await makeCards(system.origin.url, cardCount);
  const owner = await connectOwner(system.databaseUrl);
  parts.defer(() => owner.end());
  await owner.query('create database row_lock');
  const rowLockUrl = withDatabase(system.databaseUrl, 'row_lock');
  const sql = await connectOwner(rowLockUrl);
  parts.defer(() => sql.end());
  await makeTables(sql, cardTokens);
  const bench = {
    system,
    rowLock: await startRowLock(parts, rowLockUrl),
    postgres: await serverPid(owner),
    first,
    idleMs: 0,
  };
  const cards = { spread: cardTokens, hot: cardTokens.slice(0, 1) };
  bench.idleMs = await idleMsASecond(system, () => processorsOf(bench, 'atlas'));
  const figures: Record<string, Record<Way, Measured[]>> = {};
  for (const [name, tokens] of Object.entries(cards)) {
    const of = { atlas: [], steps: [], statement: [] } as Record<Way, Measured[]>;
    figures[name] = of;
    for (const way of ways) await measure(bench, way, tokens, `${name}-warm`, warmUpSeconds);
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of ways) of[way].push(await measure(bench, way, tokens, `${name}-${round}`, seconds));
      const rates = ways.map((way) => `${way} ${Math.round(of[way].at(-1)?.requests_per_s ?? 0)}/s`);
      progress(`row lock, ${name} ${round}/${rounds}: ${rates.join(', ')}`);
    }
  }
  const all = Object.values(figures).flatMap((of) => Object.values(of).flat());
  const errors = all.reduce((sum, round) => sum + round.errors, await differences(sql));
  const reports = Object.entries(figures).map(([name, of]) => [name, reportOf(of)] as const);
  return { row_lock: { ...Object.fromEntries(reports), errors } };
}

async function makeTables(sql: Sql, cardTokens: readonly string[]): Promise<void> {
  await sql.query(
    `create table cards (card_token text primary key, spent_minor bigint not null, limit_minor bigint not null)`,
  );
  await sql.query(`create table authorizations (token text primary key, card_token text not null references cards,
    amount_minor bigint not null, approved boolean not null)`);
  await sql.query('insert into cards select unnest($1::text[]), 0, $2', [cardTokens, limitMinor]);
}

async function startRowLock(parts: AsyncDisposableStack, databaseUrl: string) {
  const child = fork(new URL('row-lock-server.ts', import.meta.url), {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  parts.defer(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

async function measure(
  bench: Bench,
  way: Way,
  tokens: readonly string[],
  run: string,
  seconds: number,
): Promise<Measured> {
  const { system, rowLock } = bench;
  const [before, startMs] = [processorsOf(bench, way), Date.now()];
  const url = way === 'atlas' ? system.edgeUrl : rowLock.url;
  const target = { url, next: gatewayRequests(tokens, `${way}-${run}`), headers: { 'x-way': way } };
  const round = await measureMany(target, { connections, seconds });
  if (way === 'atlas') await allBooked(system);
  const idleMs = way === 'atlas' ? (bench.idleMs * (Date.now() - startMs)) / 1_000 : 0;
  const usedMs = between(before, processorsOf(bench, way)) - idleMs;
  return { ...round, cpu_ms: usedMs / (round.requests_per_s * seconds) };
}

/** Of Postgres, and of the row lock's server or of what else this process has started: origin and edge. */
function processorsOf({ rowLock, postgres }: Bench, way: Way): ReadonlyMap<number, number> {
  if (way === 'atlas') return processorsOfSystem(postgres, [rowLock.pid]);
  return readProcessors([rowLock.pid, ...childrenOf(postgres)]);
}

/** Cards whose row says something else than their authorizations. */
async function differences(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ cards: string }>(
    `select count(*) as cards from cards c where spent_minor <>
       (select coalesce(sum(amount_minor), 0) from authorizations a where a.card_token = c.card_token and approved)`,
  );
  return Number(rows[0]?.cards);
}

function reportOf(of: Readonly<Record<Way, readonly Measured[]>>) {
  const figure = (way: Way, name: keyof Measured, decimals: number) =>
    rounded(median(of[way].map((round) => round[name])), decimals);
  const report = (way: Way) => ({
    requests_per_s: figure(way, 'requests_per_s', 0),
    rounds: of[way].map(({ requests_per_s }) => Math.round(requests_per_s)),
    p50_ms: figure(way, 'p50_ms', 0),
    p99_ms: figure(way, 'p99_ms', 0),
    cpu_ms: figure(way, 'cpu_ms', 2),
  });
  const ratio = (way: Way) =>
    rounded(median(of.atlas.map((round, at) => round.requests_per_s / (of[way][at]?.requests_per_s ?? Number.NaN))), 2);
  return {
    ...{ atlas: report('atlas'), steps: report('steps'), statement: report('statement') },
    atlas_ratio_to_steps: ratio('steps'),
    atlas_ratio_to_statement: ratio('statement'),
  };
}
