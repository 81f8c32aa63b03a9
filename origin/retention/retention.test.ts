// docs/retention.md against the real schema, and the loop that it names against rows of every age.

import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createRetentionLoop } from './remove-old.ts';

const page = readFileSync(new URL('../../docs/retention.md', import.meta.url), 'utf8');
const operating = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const registryOfLoops = operating.slice(operating.indexOf('### Loops'), operating.indexOf('### When `/health`'));

const rows = page
  .slice(0, page.indexOf('## Elsewhere'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [table = '', columns = '', period = '', job = ''] = line.split(/ ?\| ?/).slice(1, -1);
    const named = [...columns.matchAll(/`(\w+)`(\*?)/g)];
    return {
      table: table.replaceAll('`', ''),
      columns: named.map(([, name]) => name),
      isNearAPerson: named.some(([, , star]) => star === '*'),
      period,
      job: job.replaceAll('`', ''),
    };
  });

/** Of which nobody can say by their type alone that they hold no text of anybody. */
const textTypes = ['text', 'text[]', 'json', 'jsonb', 'bytea', 'character varying', 'inet', 'xml', 'hstore'];

async function textColumns(url: string): Promise<Map<string, string[]>> {
  const { rows: found } = await asOwner(url, (sql) =>
    sql.query<{ table: string; columns: string[] | null }>(
      `select c.relname as table, array_agg(a.attname::text order by a.attnum) filter (where format_type(a.atttypid, null) = any ($1)) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace group by 1`,
      [textTypes],
    ),
  );
  return new Map(found.map(({ table, columns }) => [table, columns ?? []]));
}

/** What docs/retention.md says and the schema has, where they differ. */
async function differences(url: string): Promise<string[]> {
  const schema = await textColumns(url);
  const said = new Map(rows.map(({ table, columns }) => [table, columns]));
  return [...new Set([...schema.keys(), ...said.keys()])].flatMap((table) => {
    const [is, says] = [schema.get(table), said.get(table)];
    if (says === undefined) return [`${table}: has no period`];
    if (is === undefined) return [`${table}: is no table`];
    return [
      ...is.filter((column) => !says.includes(column)).map((column) => `${table}.${column}: is not classed`),
      ...says.filter((column) => !is.includes(column ?? '')).map((column) => `${table}.${column}: is no column`),
    ];
  });
}

describe('the page', () => {
  test('every table, and every column that can hold text, has its period', async () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(await differences(await createTestDatabase())).toEqual([]);
  });

  test('a new table and a new column are missed, until somebody has said how long they are kept', async () => {
    const url = await createTestDatabase();
    await asOwner(url, (sql) =>
      sql.query('create table diary (entry text); alter table merchants add column mother text'),
    );
    expect((await differences(url)).toSorted()).toEqual(['diary: has no period', 'merchants.mother: is not classed']);
  });

  test.each(rows)('$table: has a job that is a loop of ours, or says why it is kept for ever', ({ period, job }) => {
    if (job === '–') expect(period).toMatch(/^for ever, because \w/);
    else {
      expect(period).not.toMatch(/^for ever/);
      // Which loops.test.ts holds to what runs.
      expect(registryOfLoops).toMatch(new RegExp(`^\\| ${job} \\|`, 'm'));
    }
  });
});

describe('the loop', () => {
  let url: string;
  let database: Database;
  beforeAll(async () => {
    url = await createTestDatabase();
    database = openDatabase({ url, poolMax: 5, onIdleError: () => {} });
    await insertOld(url, await sampleMerchant(database, 0n));
  });
  afterAll(() => database.close());

  test('removes what is older than its period, and nothing younger; and says by how much it is late', async () => {
    const registry = new Registry();
    const loop = createRetentionLoop({ database, registry, log: pino({ level: 'silent' }) });
    expect(await loop.lagMs()).toBeGreaterThan(86_400_000);
    loop.start();
    await expect.poll(() => loop.state().last_success_at_ms, { timeout: 20_000 }).not.toBe(null);
    await expect.poll(() => loop.lagMs(), { timeout: 20_000 }).toBe(null);
    await loop.stop();
    expect(loop.state().failures_total).toBe(0);
    const left = async (statement: string) =>
      (await database.sql.query<{ name: string }>(statement)).rows.map(({ name }) => name);
    expect(await left('select event_id as name from webhook_messages order by 1')).toEqual([
      ...['evt_old_attempted_lately', 'evt_old_pending', 'evt_young'],
    ]);
    expect(await left('select answer as name from webhook_attempts order by 1')).toEqual(['lately', 'young']);
    expect(await left('select distinct day::text as name from access_counts order by 1')).toHaveLength(1);
    expect(await left(`select webhook_id || ':' || body as name from provider_webhooks order by 1`)).toEqual([
      ...['old:', 'old_waiting:{"says":1}', 'young:{"says":1}'],
    ]);
    expect(await registry.metrics()).toContain('retention_rows_total{table="access_counts"} 1200');
  });

  test.each([
    ['delete from webhook_attempts', 'keeps its rows for 400 days'],
    ['delete from webhook_messages', 'keeps its rows for 400 days'],
    ["update webhook_attempts set answer = ''", 'is append-only: update is refused'],
    ["update provider_webhooks set body = '' where webhook_id = 'young'", 'is not to be changed'],
    ["update provider_webhooks set body = '' where webhook_id = 'old_waiting'", 'is not to be changed'],
    ["update provider_webhooks set body = 'another' where webhook_id = 'old'", 'is not to be changed'],
  ])('what is younger the database keeps, whoever asks: %s', async (statement, refusal) => {
    await expect(asOwner(url, (sql) => sql.query(statement))).rejects.toThrow(refusal);
  });
});

async function insertOld(url: string, merchantId: string): Promise<void> {
  await asOwner(url, async (sql) => {
    await sql.query(
      `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret) values ('whe_1', $1, 'https://a.example', 's')`,
      [merchantId],
    );
    await sql.query(`insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload, state, created_at)
      select event_id, 'whe_1', '', 'settlement.paid', '', '{}', state, now() - age::interval
      from (values ('evt_young', 'delivered', '399 days'), ('evt_old', 'delivered', '401 days'), ('evt_old_failed', 'failed', '900 days'),
        ('evt_old_attempted_lately', 'delivered', '401 days'), ('evt_old_pending', 'pending', '401 days')) as m (event_id, state, age)`);
    await sql.query(`insert into webhook_attempts (message_no, at, duration_ms, answer)
      select message_no, now() - age::interval, 1, answer
      from (values ('evt_young', '398 days', 'young'), ('evt_old', '401 days', 'old'), ('evt_old', '401 days', 'old again'),
        ('evt_old_attempted_lately', '3 days', 'lately')) as a (event_id, age, answer) join webhook_messages using (event_id)`);
    await sql.query(`insert into access_counts
      select (now() - interval '402 days')::date, 'akey_1', 'GET /x', 'read', n::text, 1, now(), now(), 'req_1' from generate_series(1, 1200) as n
      union all select (now() - interval '399 days')::date, 'akey_1', 'GET /x', 'read', 'a', 1, now(), now(), 'req_1'`);
    await sql.query(`insert into provider_webhooks (provider, webhook_id, body, received_at, processed_at)
      values ('p', 'young', '{"says":1}', now() - interval '549 days', now()), ('p', 'old', '{"says":1}', now() - interval '551 days', now()),
        ('p', 'old_waiting', '{"says":1}', now() - interval '551 days', null)`);
  });
}
