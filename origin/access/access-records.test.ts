// Who read and who was refused, through the API and into the database, with a clock of its own where days matter.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { SampleApi } from '../testing/sample-api.ts';
import { type Access, AccessCounts } from './access-counts.ts';
import { type AccessParts, createAccessRecords } from './access-records.ts';
import { digestOfDay, sealAction, sealOldestDay, sealText, writeAccess } from './write-access.ts';

const noonMs = Date.parse('2026-11-27T12:00:00Z');
const dayMs = 86_400_000;

const silent = pino({ level: 'silent' });

async function sampleDatabase(): Promise<{ database: Database; url: string }> {
  const url = await createTestDatabase();
  return { url, database: openDatabase({ url, poolMax: 5, onIdleError: () => {} }) };
}

interface Row {
  readonly day: string;
  readonly api_key_id: string;
  readonly route: string;
  readonly outcome: string;
  readonly address_hash: string;
  readonly calls: number;
}
async function rowsOf({ sql }: Pick<Database, 'sql'>): Promise<Row[]> {
  const { rows } = await sql.query<Row>(
    `select day::text, api_key_id, route, outcome, address_hash, calls::int from access_counts
     order by day, api_key_id, route, outcome, address_hash`,
  );
  return rows;
}

function sampleAccess(over: Partial<Access> = {}): Access {
  const who = { api_key_id: 'akey_1', route: 'GET /cards/:card_id', outcome: 'read', network: '203.0.113.7' };
  return { ...who, requestId: 'req_1', atMs: noonMs, ...over };
}

/** What has been counted by `make`, as it would be written. */
function counted(accesses: readonly Access[]) {
  const counts = new AccessCounts();
  for (const access of accesses) counts.count(access);
  return counts.take();
}

describe('through the API', () => {
  let api: SampleApi;
  beforeAll(async () => {
    api = await SampleApi.start(await createTestDatabase());
  });
  afterAll(() => api.close());

  test('reads, and what a key, a scope or a border between tenants refuses, are on record once they are written', async () => {
    const { card } = await api.newCard();
    const merchant = (await api.call('POST', '/merchants', { name: 'Shop', currency: 'EUR' })).body['merchant_id'];
    const other = (await api.call('POST', '/merchants', { name: 'Other', currency: 'EUR' })).body['merchant_id'];
    const made = await api.call('POST', '/api-keys', {
      ...{ name: 'partner', merchant_id: merchant, scopes: ['merchants:read'] },
    });
    const as = { authorization: `Bearer ${String(made.body['api_key'])}` };
    await api.call('GET', `/cards/${String(card['card_id'])}`);
    await api.call('GET', `/cards/${String(card['card_id'])}`);
    expect((await api.call('GET', `/merchants/${String(other)}`, undefined, as)).status).toBe(404);
    expect((await api.call('GET', '/cards', undefined, as)).status).toBe(403);
    expect((await api.call('GET', '/nowhere', undefined, as)).status).toBe(404);
    expect((await api.call('GET', '/cards', undefined, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await api.call('GET', '/livez')).status).toBe(200);
    // It changes nothing and reads whole histories.
    const compared = await api.call('POST', '/controls/backtest', { card_id: card['card_id'], controls: [] });
    expect([compared.body, compared.status]).toEqual([expect.anything(), 200]);
    await api.access.close();
    const key = String(made.body['api_key_id']);
    const seen = (await rowsOf(api.database)).map(({ api_key_id, route, outcome, calls }) => [
      ...[api_key_id === key ? 'partner' : api_key_id, route, outcome, calls],
    ]);
    expect(seen.toSorted((one, other) => (String(one) < String(other) ? -1 : 1))).toEqual([
      ['', 'GET /cards', 'credentials_wrong', 1],
      ['akey_root', 'GET /cards/:card_id', 'read', 2],
      ['akey_root', 'POST /controls/backtest', 'read', 1],
      ...[
        ['GET /cards', 'scope_missing', 1],
        ['GET /merchants/:merchant_id', 'merchant_not_found', 1],
        ['unmatched', 'route_not_found', 1],
      ].map((row) => ['partner', ...row]),
    ]);
  });
});

describe('an address', () => {
  test('has one hash on a day and another on the next, and stands nowhere itself', async () => {
    const { database } = await sampleDatabase();
    const at = (atMs: number) => counted([sampleAccess({ atMs }), sampleAccess({ atMs, network: '203.0.113.8' })]);
    await writeAccess(database, at(noonMs), noonMs);
    await writeAccess(database, at(noonMs), noonMs);
    await writeAccess(database, at(noonMs + dayMs), noonMs + dayMs);
    const rows = await rowsOf(database);
    expect(rows.map(({ day, calls }) => [day, calls])).toEqual([
      ['2026-11-27', 2],
      ['2026-11-27', 2],
      ['2026-11-28', 1],
      ['2026-11-28', 1],
    ]);
    expect(new Set(rows.map(({ address_hash }) => address_hash)).size).toBe(4);
    expect(JSON.stringify(rows)).not.toContain('203.0.113');
    await database.close();
  });

  test('cannot be told from its hash once the day is over: the salt is gone, and the rows are sealed in the trail', async () => {
    const { database, url } = await sampleDatabase();
    await writeAccess(database, counted([sampleAccess()]), noonMs);
    const salts = async () => (await database.sql.query('select day::text from address_salts order by day')).rows;
    expect(await sealOldestDay(database, noonMs + dayMs / 2)).toBe(null);
    expect(await salts()).toHaveLength(1);
    expect(await sealOldestDay(database, noonMs + dayMs)).toBe('2026-11-27');
    expect(await salts()).toEqual([]);
    const { rows } = await database.sql.query<{ reason: string }>(
      'select reason from audit_events where action = $1 and subject = $2',
      [sealAction, 'access_2026-11-27'],
    );
    const now = async () => sealText(await digestOfDay(database.sql, '2026-11-27'));
    expect(rows).toEqual([{ reason: await now() }]);
    expect((await asOwner(url, (sql) => verifyAudit(sql))).faults).toEqual([]);
    // What comes late for that day counts in today's, and the seal still agrees.
    await writeAccess(database, counted([sampleAccess()]), noonMs + dayMs);
    expect((await rowsOf(database)).map(({ day }) => day)).toEqual(['2026-11-27', '2026-11-28']);
    expect(rows[0]?.reason).toBe(await now());
    // One call more in a day that is over shows.
    await asOwner(url, (sql) => sql.query("update access_counts set calls = calls + 1 where day = '2026-11-27'"));
    expect(rows[0]?.reason).not.toBe(await now());
    await database.close();
  });

  test('of a flood has no row of its own beyond the bound; every call is counted, and another key keeps its addresses', () => {
    const counts = new AccessCounts({ perKey: 3, strangers: 5, all: 100 });
    const flood = { api_key_id: null, outcome: 'credentials_wrong' };
    for (let n = 0; n < 1_000; n += 1) {
      counts.count(sampleAccess({ ...flood, network: `198.51.100.${n}` }));
      counts.count(sampleAccess({ network: `192.0.2.${n}` }));
    }
    counts.count(sampleAccess({ api_key_id: 'akey_2' }));
    const taken = counts.take();
    const of = (key: string) => taken.filter(({ api_key_id }) => api_key_id === key);
    expect(['', 'akey_1', 'akey_2'].map((key) => of(key).length)).toEqual([6, 4, 1]);
    expect(of('akey_2')[0]?.network).toBe('203.0.113.7');
    for (const key of ['', 'akey_1']) expect(of(key).reduce((sum, { calls }) => sum + calls, 0)).toBe(1_000);
    // Written in between, the bound is still of the day, and begins again on the next.
    counts.count(sampleAccess({ network: '192.0.2.999' }));
    expect(counts.take()[0]?.network).toBe(null);
    counts.count(sampleAccess({ network: '192.0.2.999', atMs: noonMs + dayMs }));
    expect(counts.take()[0]?.network).toBe('192.0.2.999');
  });
});

test('the command shows refusals first, and finds a day whose rows are not those that were sealed', async () => {
  const { database, url } = await sampleDatabase();
  const refused = { api_key_id: null, outcome: 'credentials_wrong' };
  await writeAccess(database, counted([sampleAccess(), sampleAccess(), sampleAccess(refused)]), noonMs);
  const run = async (...words: string[]) => {
    const script = join(import.meta.dirname, '../../scripts/audit.ts');
    const env = { ...process.env, DATABASE_URL: url };
    return await promisify(execFile)(process.execPath, [script, 'access', ...words], { env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    );
  };
  const open = await run();
  expect(open.code).toBe(0);
  expect(
    open.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split('  ').slice(0, 3)),
  ).toEqual([
    ['2026-11-27', '3 calls in 2 rows, open'],
    ['1', 'credentials_wrong', 'GET /cards/:card_id'],
    ['2', 'read', 'GET /cards/:card_id'],
  ]);
  await sealOldestDay(database, noonMs + dayMs);
  const ofKey = await run('--day', '2026-11-27', '--key', 'akey_1', '--json');
  expect(JSON.parse(ofKey.stdout)).toMatchObject({
    clean: true,
    days: [{ seal: 'as sealed' }],
    access: [{ calls: 2 }],
  });
  await asOwner(url, (sql) => sql.query("update access_counts set calls = calls + 1 where outcome = 'read'"));
  const changed = await run();
  expect([changed.code, changed.stdout]).toEqual([1, expect.stringContaining('WRONG: not those that were sealed')]);
  await database.close();
});

describe('nothing is lost', () => {
  const records = (database: Database, over: Partial<AccessParts> = {}) =>
    createAccessRecords({ database, log: silent, now: () => noonMs, ...over });

  test('at an orderly stop, nor while the database is away', async () => {
    const { database, url } = await sampleDatabase();
    const kept = records(database);
    const rename = (from: string, to: string) =>
      asOwner(url, (sql) => sql.query(`alter table ${from} rename to ${to}`));
    await rename('access_counts', 'away');
    for (let n = 0; n < 10; n += 1) kept.count(sampleAccess());
    kept.loop.start();
    await expect.poll(() => kept.loop.state().failures, { timeout: 30_000 }).toBeGreaterThan(0);
    kept.count(sampleAccess());
    await kept.loop.stop();
    await rename('away', 'access_counts');
    await kept.close();
    expect(await rowsOf(database)).toMatchObject([{ calls: 11 }]);
    await database.close();
  });

  test('by many processes that write the same rows at once', async () => {
    const { database } = await sampleDatabase();
    const networks = Array.from({ length: 50 }, (_, n) => `198.51.100.${n}`);
    await Promise.all(
      Array.from({ length: 20 }, (_, process) => {
        const order = process % 2 === 0 ? networks : networks.toReversed();
        return writeAccess(database, counted(order.map((network) => sampleAccess({ network }))), noonMs);
      }),
    );
    const rows = await rowsOf(database);
    expect(rows).toHaveLength(50);
    expect(new Set(rows.map(({ calls }) => calls))).toEqual(new Set([20]));
    await database.close();
  });

  test('and the service can neither lower a count nor remove one before its period is over', async () => {
    const { database } = await sampleDatabase();
    await writeAccess(database, counted([sampleAccess(), sampleAccess()]), noonMs);
    const attempt = (statement: string) => expect(database.sql.query(statement)).rejects;
    await attempt('update access_counts set calls = 1').toThrow('only grow');
    await attempt("update access_counts set api_key_id = 'akey_2'").toThrow('permission denied');
    await attempt('delete from access_counts').toThrow('keeps its rows for 400 days');
    await attempt('truncate access_counts').toThrow('permission denied');
    await database.close();
  });
});
