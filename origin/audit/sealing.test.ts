// Sealing behind the writers: what a commit leaves is chained once, in an order in which causes come before effects, whoever dies, waits or
// seals at the same time.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { recordAuditEvents } from './audit-event.ts';
import { createSealingLoop, sealBehind } from './sealing.ts';
import { verifyAudit } from './verify-audit.ts';

let url: string;
let database: Database;

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 12, onIdleError: () => {} });
  // From here on somebody seals behind.
  await sealBehind(database);
});
afterEach(() => database.close());

const say = (sql: Sql, subject: string, action = 'test.said') =>
  recordAuditEvents(sql, [{ actor: 'akey_test', action, subject, merchant_id: null, reason: '', correlation_id: 'r' }]);

async function trail(): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', audit_no, subject) as line from audit_trail where action = 'test.said' order by audit_no, waiting_no, place`,
  );
  return rows.map(({ line }) => line);
}

async function prove() {
  const { audit, ledger, faults } = await asOwner(url, (sql) => verifyAudit(sql));
  return { faults, unsealed: [audit.unsealed, ledger.unsealed] };
}

async function marks() {
  const { rows } = await asOwner(url, (sql) =>
    sql.query<{ done: number; waiting: number }>(
      'select done_to::int as done, (select count(*)::int from waiting_for_seal) as waiting from sealing',
    ),
  );
  return rows[0];
}

const whoSealsBehind = (then: string) => asOwner(url, (sql) => sql.query(`update sealing set behind_until = ${then}`));

test('a commit chains nothing itself; what it wrote is read at once, and a proof says how much of it is not chained yet', async () => {
  const merchant_id = await sampleMerchant(database, 1_000n);
  await askMany(database, merchant_id, 3);
  const { rows } = await database.sql.query<{ heads: string }>(
    'select a.audit_no + l.seal_no as heads from audit_head a, ledger_seal_head l',
  );
  expect(rows).toEqual([{ heads: '0' }]);
  await database.transaction((sql) => say(sql, 'one'));
  expect(await trail()).toEqual(['one']);
  // A merchant, its destination, three settlements and what was said; its credit.
  expect(await prove()).toEqual({ faults: [], unsealed: [6, 1] });
  // Rows, not events: the settlements came in one.
  expect(await sealBehind(database)).toBe(5);
  expect(await trail()).toEqual(['6 one']);
  expect(await prove()).toEqual({ faults: [], unsealed: [0, 0] });
});

test('a commit that waits for nobody passes a sealer that stands still with both heads in its hands', async () => {
  const held = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const still = asOwner(url, async (sql) => {
    await sql.query('begin');
    await sql.query('select from audit_head for update');
    await sql.query('select from ledger_seal_head for update');
    taken.resolve();
    await held.promise;
    await sql.query('rollback');
  });
  await taken.promise;
  await sampleMerchant(database, 10n);
  await database.transaction((sql) => say(sql, 'one'));
  // Another sealer leaves it to the one that holds them.
  expect(await sealBehind(database)).toBe(0);
  held.resolve();
  await still;
  expect(await sealBehind(database)).toBe(4);
  expect(await prove()).toEqual({ faults: [], unsealed: [0, 0] });
});

describe('without anybody who seals behind, commits chain', () => {
  test.each([
    ['a sealer that died a minute and a half ago', `now() - interval '1 second'`],
    ['a clock that was set back by an hour', `now() + interval '1 hour'`],
    ['a release that has no sealer', 'null'],
  ])('%s: what was left and what is new, in their order', async (_, then) => {
    await database.transaction((sql) => say(sql, 'left'));
    await whoSealsBehind(then);
    await database.transaction(async (sql) => {
      await say(sql, 'new');
      await say(sql, 'newer');
    });
    expect(await trail()).toEqual(['1 left', '2 new', '3 newer']);
    expect(await marks()).toMatchObject({ waiting: 0 });
    // One that starts takes it over again.
    await sealBehind(database);
    await database.transaction((sql) => say(sql, 'behind'));
    expect((await trail()).at(-1)).toBe('behind');
    expect(await prove()).toEqual({ faults: [], unsealed: [1, 0] });
  });
});

test('a backlog that nobody sealed is chained by many commits, a bound each, the oldest first', async () => {
  const left = Array.from({ length: 1_200 }, (_, n) => `left ${n}`);
  await database.transaction(async (sql) => {
    for (const subject of left) await say(sql, subject);
  });
  await whoSealsBehind('null');
  const waiting: (number | undefined)[] = [];
  for (let n = 0; n < 4; n += 1) {
    await database.transaction((sql) => say(sql, `new ${n}`));
    waiting.push((await marks())?.waiting);
  }
  expect(waiting).toEqual([701, 202, 0, 0]);
  expect((await trail()).map((line) => line.replace(/^\d+ /, ''))).toEqual([
    ...left,
    'new 0',
    'new 1',
    'new 2',
    'new 3',
  ]);
  expect(await prove()).toEqual({ faults: [], unsealed: [0, 0] });
});

test('a transaction that stays open keeps only its own rows from being sealed, and they are found when it ends', async () => {
  const [written, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const long = database.transaction(async (sql) => {
    await say(sql, 'long');
    written.resolve();
    await goOn.promise;
  });
  await written.promise;
  for (let n = 1; n <= 8; n += 1) {
    await database.transaction((sql) => say(sql, `short ${n}`));
    expect(await sealBehind(database)).toBe(1);
  }
  expect(await marks()).toMatchObject({ waiting: 0, done: 0 });
  goOn.resolve();
  await long;
  expect(await sealBehind(database)).toBe(1);
  expect((await trail()).at(-1)).toBe('9 long');
  // Then the search begins behind all of them.
  for (let n = 9; n <= 12; n += 1) {
    await database.transaction((sql) => say(sql, `short ${n}`));
    await sealBehind(database);
  }
  expect((await marks())?.done).toBeGreaterThan(8);
});

test('who acts on what another wrote stands after it, also where it began to write before', async () => {
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const earlier = database.transaction(async (sql) => {
    await sql.query('select pg_current_xact_id()');
    begun.resolve();
    await goOn.promise;
    await say(sql, 'effect');
  });
  await begun.promise;
  await database.transaction((sql) => say(sql, 'cause'));
  goOn.resolve();
  await earlier;
  await sealBehind(database);
  expect(await trail()).toEqual(['1 cause', '2 effect']);
});

test('many writers, two sealers that come and go: all is chained once, and each subject in the order of its commits', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const loops = [1, 2].map(() => createSealingLoop({ database, log: silent }));
  for (const loop of loops) loop.start();
  const merchant_id = await sampleMerchant(database, 10_000n);
  let said = 0;
  await Promise.all(
    Array.from({ length: 6 }, async (_, writer) => {
      for (let n = 0; n < 25; n += 1) {
        const pauseMs = random() * 8;
        await database.transaction(async (sql) => {
          if (random() < 0.5) await say(sql, `writer ${writer}`);
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          await say(sql, `writer ${writer}`);
        });
        said += 1;
        if (random() < 0.2) await askMany(database, merchant_id, 2);
        if (random() < 0.05) await whoSealsBehind(random() < 0.5 ? 'null' : `now() + interval '1 hour'`);
      }
    }),
  );
  await until(marks, (seen) => seen?.waiting === 0);
  await Promise.all(loops.map((loop) => loop.stop()));
  const proof = await prove();
  expect({ seed, ...proof }).toEqual({ seed, faults: [], unsealed: [0, 0] });
  expect(said).toBe(150);
  const { rows } = await database.sql.query<{ ordered: boolean }>(
    `select bool_and(at >= before) as ordered from (
       select at, lag(at) over (partition by subject order by audit_no) as before from audit_events where action = 'test.said') as e`,
  );
  expect({ seed, rows }).toEqual({ seed, rows: [{ ordered: true }] });
});

describe('X6: what waits to be sealed', () => {
  const tamper = (statement: string) =>
    asOwner(url, (sql) => sql.query(`set session_replication_role = replica; ${statement}`));

  test.each([
    ['a transfer that is changed', 'update ledger_transfers set amount_minor = amount_minor + 1', 'changed'],
    ['a transfer that is removed', 'delete from ledger_transfers', 'missing'],
    [
      'a transfer whose turn is taken from it',
      'delete from waiting_for_seal where transfer_nos is not null',
      'inserted',
    ],
  ])('%s is found before it is sealed, and after', async (_, statement, problem) => {
    await sampleMerchant(database, 10n);
    await tamper(statement);
    expect((await prove()).faults).toMatchObject([{ chain: 'ledger', problem }]);
    await sealBehind(database);
    expect((await prove()).faults).toMatchObject([{ chain: 'ledger', problem }]);
  });

  test('the service can add to it by what it does, and not change, remove or empty it, nor say that somebody seals', async () => {
    await database.transaction((sql) => say(sql, 'one'));
    for (const statement of [
      `update waiting_for_seal set entries = '{}'`,
      'delete from waiting_for_seal',
      'truncate waiting_for_seal',
      `insert into waiting_for_seal (entries) values ('{}')`,
      `update sealing set behind_until = now() + interval '1 minute'`,
      'select * from sealing',
    ])
      await expect(database.sql.query(statement)).rejects.toThrow('permission denied');
  });
});
