// What a card event costs the origin: bytes that stay in Postgres, table by table, its write-ahead log, and processor time of intake
// and of Postgres; and the bytes of a card. docs/sizing.md is worked out from these figures. Not in it: pulling from the queue, the API, backups.

import type { Sql } from '../origin/db/client.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { startSystem } from './faults/system.ts';
import { takeAll } from './intake.ts';
import { deliveryOf, freshDatabase, madeUpProgram } from './intake-program.ts';
import { makeCards } from './origin-cards.ts';
import { between, childrenOf, readProcessors, serverPid } from './processor-time.ts';
import { started } from './started.ts';
import { rounded } from './statistics.ts';

/** Events of one queue message: a card that rests sends each by itself. */
const eventsPerMessage = 1;
const cardCount = 500;
/** Cards are made as fast as the origin takes them. */
const noQuota = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' };

export async function measureFootprint(progress: (line: string) => void) {
  const footprint = await measureEvents(progress);
  progress(`footprint: ${cardCount} cards by the API, and each on the edge`);
  return { footprint: { ...footprint, bytes_a_card: await measureCards() } };
}

/** A card as everybody makes one: its row, its profile's first version, what the audit trail says of it. */
async function measureCards(): Promise<number> {
  await using parts = started();
  const system = await startSystem(parts, { environment: noQuota });
  const sql = await connectOwner(system.databaseUrl);
  parts.defer(() => sql.end());
  const bytes = async () => [...(await sizesOf(sql)).values()].reduce((sum, of) => sum + of, 0);
  const before = await bytes();
  await makeCards(system.origin.url, cardCount);
  return rounded(((await bytes()) - before) / cardCount, 0);
}

async function measureEvents(progress: (line: string) => void) {
  await using parts = started();
  const server = await startTemporaryPostgres();
  parts.defer(() => server.stop());
  const cards = madeUpProgram();
  const messages = deliveryOf(cards, eventsPerMessage);
  const all = cards.flatMap(({ events }) => events);
  const warm = await freshDatabase(server.url, 'footprint_warm', cards);
  let errors = await takeAll(warm.database, messages);
  await warm.database.close();
  progress(`footprint: ${all.length} events in messages of ${eventsPerMessage}`);

  const { database } = await freshDatabase(server.url, 'footprint', cards);
  const admin = await connectOwner(server.url);
  parts.defer(() => admin.end());
  const postgres = await serverPid(admin);
  const sizesBefore = await sizesOf(database.sql);
  const [walBefore, cpuBefore] = [await walAt(admin), process.cpuUsage()];
  const servers = readProcessors(childrenOf(postgres));
  errors += await takeAll(database, messages);
  const originMs = milliseconds(process.cpuUsage(cpuBefore));
  await admin.query('checkpoint');
  const postgresMs = between(servers, readProcessors(childrenOf(postgres)));
  const wal = (await walAt(admin)) - walBefore;
  const sizes = await sizesOf(database.sql);
  errors += (await verifyLedger(database.sql)).differences.length;
  await database.close();

  const anEvent = (value: number, decimals = 0) => rounded(value / all.length, decimals);
  const tables = [...sizes].map(([table, bytes]) => [table, anEvent(bytes - (sizesBefore.get(table) ?? 0))] as const);
  return {
    events: all.length,
    authorizations: all.filter(({ kind }) => kind === 'authorization').length,
    bytes_an_event: tables.reduce((sum, [, bytes]) => sum + bytes, 0),
    tables: Object.fromEntries(tables.filter(([, bytes]) => bytes > 0).sort(([, one], [, other]) => other - one)),
    wal_bytes_an_event: anEvent(wal),
    origin_cpu_ms_a_thousand: anEvent(originMs * 1_000, 1),
    postgres_cpu_ms_a_thousand: anEvent(postgresMs * 1_000, 1),
    errors,
  };
}

/** Tables with their indexes and what is stored out of line, in bytes. */
async function sizesOf(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query<{ name: string; bytes: string }>(
    `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

async function walAt(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ bytes: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
  return Number(rows[0]?.bytes);
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
