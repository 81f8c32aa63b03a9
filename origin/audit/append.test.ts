// How events come into the audit trail: through the database's one function, a statement at a time.

import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { migrate } from '../db/migrate.ts';
import { verifyAudit } from './verify-audit.ts';

let url: string;
let database: Database;

beforeEach(async () => {
  url = await createTestDatabase();
  const opened = openDatabase({ url, poolMax: 3, onIdleError: () => {} });
  database = opened;
  for (let n = 0; n < 3; n += 1) await askMany(opened, await sampleMerchant(opened, 100n), 9);
  return () => opened.close();
});

test('the service appends through the one function that numbers and seals: no row of its own making', async () => {
  await expect(
    database.sql.query(
      `insert into audit_events select audit_no + 100, at, actor, action, subject, merchant_id, from_state, to_state, reason,
         correlation_id, previous_hash, hash from audit_events where audit_no = 7`,
    ),
  ).rejects.toThrow('permission denied for table audit_events');
  await expect(database.sql.query('update audit_head set audit_no = 0')).rejects.toThrow('permission denied');
});

test('what one statement changes is appended in the order in which it was created, one link after the other', async () => {
  const { rows } = await database.sql.query<{ events: string; settlements: string; instants: string }>(
    `select string_agg(subject, ',' order by audit_no) as events, count(distinct at) as instants,
       (select string_agg(settlement_id, ',' order by settlement_no) from settlements) as settlements
     from audit_events where action = 'settlement.created'`,
  );
  expect(rows[0]?.events).toBe(rows[0]?.settlements);
  // An instant a statement, in each of the three batches of nine.
  expect(Number(rows[0]?.instants)).toBe(3);
  await database.sql.query(
    `update settlements set state = 'processing', changed_by = 'engine', change_reason = 'taken up'
     where settlement_no % 2 = 0`,
  );
  await database.sql.query(`update settlements set attempts = attempts + 1 where settlement_no % 2 = 0`);
  const { audit } = await asOwner(url, (sql) => verifyAudit(sql));
  // 3 merchants with a destination each, 27 settlements, 13 of them taken up; what changes no state is no transition.
  expect([audit.links, audit.fault]).toEqual([46, null]);
});

test('what was sealed row by row, before there was one way in, is the beginning of the same chain', async () => {
  const before = await mkdtemp(join(tmpdir(), 'atlas-migrations-'));
  const migrations = join(import.meta.dirname, '../../migrations');
  for (const file of await readdir(migrations))
    if (file.endsWith('.sql') && file < '0011') await copyFile(join(migrations, file), join(before, file));
  const old = await createTestDatabase({ empty: true });
  await migrate(old, before);
  await rm(before, { recursive: true });
  const settle = (n: number) =>
    asOwner(old, async (sql) => {
      await sql.query(
        `insert into settlements (settlement_id, merchant_id, amount_minor, currency, changed_by, correlation_id)
         select $1 || place, 'mrch_1', 1, 'USD', 'akey_é', 'req_1' from generate_series(1, 5) as place`,
        [`stl_${n}_`],
      );
      await sql.query(
        `update settlements set state = 'processing', changed_by = 'engine', change_reason = 'ü|3:,-,' where state = 'queued'`,
      );
    });
  await asOwner(old, (sql) =>
    sql.query(`insert into merchants (merchant_id, name, currency) values ('mrch_1', 'A', 'USD')`),
  );
  await settle(1);
  await migrate(old);
  await settle(2);
  const { audit } = await asOwner(old, (sql) => verifyAudit(sql));
  expect([audit.links, audit.fault]).toEqual([20, null]);
});
