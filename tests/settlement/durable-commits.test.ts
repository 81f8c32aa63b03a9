// What a transaction's caller has heard of is on the disk, though the transaction itself did not wait for it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../origin/db/client.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { startTemporaryPostgres, type TemporaryServer } from '../../scripts/temporary-postgres.ts';

let server: TemporaryServer;
let database: Database;

beforeAll(async () => {
  // Postgres's own writer would flush by itself soon enough to hide that nobody else does.
  // And for a replica it would write what transactions are open into the log every 15 s, with nobody's doing.
  const withoutReplicas = ['-c', 'wal_level=minimal', '-c', 'max_wal_senders=0'];
  const flags = ['-c', 'wal_writer_delay=10s', '-c', 'wal_writer_flush_after=0', ...withoutReplicas];
  server = await startTemporaryPostgres({ flags });
  await migrate(server.url);
  database = openDatabase({ url: server.url, poolMax: 6, onIdleError: () => {} });
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

test('many at once: each is flushed before its caller hears of it', async () => {
  const work = async (n: number) => {
    const wrote = await database.transaction(async (sql) => {
      await sql.query(`insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')`, [`acct_${n}`]);
      const { rows } = await sql.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
      return rows[0]?.lsn;
    });
    const { rows } = await database.sql.query<{ durable: boolean }>(
      'select pg_current_wal_flush_lsn() > $1::pg_lsn as durable',
      [wrote],
    );
    return rows[0]?.durable;
  };
  const durable: unknown[] = [];
  for (let round = 0; round < 20; round += 1)
    durable.push(...(await Promise.all(Array.from({ length: 1 + (round % 8) }, (_, n) => work(round * 10 + n)))));
  expect(durable.filter((is) => is !== true)).toEqual([]);
});

test('a transaction that only looks waits for no disk', async () => {
  const flushed = async () => {
    const { rows } = await database.sql.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
    return rows[0]?.lsn;
  };
  const looks = async () => {
    for (let n = 0; n < 10; n += 1)
      await database.transaction((sql) => sql.query('select from settlements for update skip locked'));
  };
  // Who reads the catalogue first tidies its pages, which is in the log, and nothing that a commit would have to wait for.
  await looks();
  const before = await flushed();
  await looks();
  expect(await flushed()).toBe(before);
});
