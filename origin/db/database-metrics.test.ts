// What the database does is seen from the pool: durable commits by their time, what broke by its kind, and no refusal of a statement.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { openDatabase } from './client.ts';
import { databaseMetrics } from './database-metrics.ts';

async function figures(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/^.* /, ''))]));
}

test('commits that wrote are timed until they are on the disk; what broke is counted, what was refused is not', async () => {
  const url = await createTestDatabase();
  const registry = new Registry();
  const database = openDatabase({ url, poolMax: 1, onIdleError: () => {}, watch: databaseMetrics(registry) });
  try {
    expect(await figures(registry)).toMatchObject({
      'sql_exec_latency_count{op="commit"}': 0,
      'db_errors_total{kind="no_connection"}': 0,
      'db_errors_total{kind="connection_lost"}': 0,
      'db_errors_total{kind="other"}': 0,
    });
    const write = () => database.transaction((sql) => sql.query("select pg_logical_emit_message(true, 'test', '')"));
    await database.transaction((sql) => sql.query('select 1'));
    await write();
    await expect(database.sql.query('select 1 / 0')).rejects.toThrow('division by zero');
    await expect(database.transaction((sql) => sql.query('select 1 / 0'))).rejects.toThrow('division by zero');
    expect(await figures(registry)).toMatchObject({
      'sql_exec_latency_count{op="commit"}': 1,
      'db_errors_total{kind="connection_lost"}': 0,
      'db_errors_total{kind="other"}': 0,
    });

    const { rows } = await database.sql.query<{ pid: number }>('select pg_backend_pid() as pid');
    const asleep = expect(database.sql.query('select pg_sleep(10)')).rejects.toThrow('terminating connection');
    await asOwner(url, (sql) => sql.query('select pg_terminate_backend($1)', [rows[0]?.pid]));
    await asleep;
    await write();
    expect(await figures(registry)).toMatchObject({
      'sql_exec_latency_count{op="commit"}': 2,
      'db_errors_total{kind="connection_lost"}': 1,
    });
  } finally {
    await database.close();
  }
});

test('a database that is away is counted at each try', async () => {
  const registry = new Registry();
  const url = 'postgresql://postgres@127.0.0.1:1/none';
  const database = openDatabase({ url, poolMax: 1, onIdleError: () => {}, watch: databaseMetrics(registry) });
  await expect(database.sql.query('select 1')).rejects.toThrow('ECONNREFUSED');
  await expect(database.transaction((sql) => sql.query('select 1'))).rejects.toThrow('ECONNREFUSED');
  await database.close();
  expect(await figures(registry)).toMatchObject({ 'db_errors_total{kind="no_connection"}': 2 });
});
