// What a transaction's caller has heard of is on the disk, though the transaction itself did not wait for it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../origin/db/client.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { startTemporaryPostgres, type TemporaryServer } from '../../scripts/temporary-postgres.ts';
import { startTcpRelay } from '../../scripts/test-relay.ts';
import { until } from '../../scripts/test-waiting.ts';

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

test('I1: a commit that a crash may have undone is not told as done, though the server is there again for its flush', async () => {
  const { hostname, port } = new URL(server.url);
  const relay = await startTcpRelay({ host: hostname, port: Number(port) });
  const away = new URL(server.url);
  away.port = `${relay.port}`;
  // Flushes go by way of the relay; what is committed, straight to the server.
  const flushing = openDatabase({ url: away.href, poolMax: 2, onIdleError: () => {} });
  const writing = openDatabase({ url: server.url, poolMax: 2, onIdleError: () => {}, beside: flushing });
  try {
    await writing.transaction((sql) => sql.query(`insert into accounts values ('acct_before', 'test', 'USD')`));
    relay.silence();
    let pid = 0;
    const told = writing
      .transaction(async (sql) => {
        const { rows } = await sql.query<{ pid: number }>(
          `insert into accounts values ('acct_undone', 'test', 'USD') returning pg_backend_pid() as pid`,
        );
        pid = rows[0]?.pid ?? 0;
      })
      .then(() => 'done', String);
    const serverRun = async () => {
      const { rows } = await writing.sql.query<{ run: string }>(
        'select stats_reset::text as run from pg_stat_archiver',
      );
      return rows[0]?.run;
    };
    const kept = async () => {
      const asked = await writing.sql
        .query<{ account_id: string }>(
          `select account_id from accounts where account_id in ('acct_before', 'acct_undone')`,
        )
        .catch(() => ({ rows: [] }));
      return asked.rows.map(({ account_id }) => account_id);
    };
    expect(await until(kept, (ids) => ids.includes('acct_undone'))).toHaveLength(2);
    const before = await serverRun();
    // Postgres drops everything that it had in memory when one of its processes dies so, and is there again in a moment.
    process.kill(pid, 'SIGKILL');
    relay.passNewOnes();
    // As the second try of the flush finds it: still starting, or another run of the server.
    expect(await told).toMatch(/crashed before a commit|starting up|not yet accepting|recovery/);
    // Whether it is there now is chance: the log may have been written for another's sake. What was told as done is there.
    expect(await until(kept, (ids) => ids.length > 0)).toContain('acct_before');
    expect(await serverRun()).not.toBe(before);
    await writing.transaction((sql) => sql.query(`insert into accounts values ('acct_after', 'test', 'USD')`));
  } finally {
    await Promise.all([writing.close(), flushing.close()]);
    await relay.close();
  }
});
