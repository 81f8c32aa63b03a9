// A process that stands still inside a transaction (a frozen machine, a paused container): what others do meanwhile, and how the
// chains look afterwards.

import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { ask, doer, sampleMerchant } from '../../scripts/test-settlements.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import { createSettlement } from '../payouts/create.ts';
import { isDatabaseAway } from './away.ts';
import { type Database, openDatabase, type Sql } from './client.ts';

let url: string;
let frozen: Database;
let working: Database;

beforeAll(async () => {
  url = await createTestDatabase();
  frozen = openDatabase({ url, poolMax: 2, onIdleError: () => {} });
  working = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
});
afterAll(() => Promise.all([frozen.close(), working.close()]));

/** Returns once `work` is done in a transaction that stays open; `end` lets it go on to its commit. */
async function standStillAfter(work: (sql: Sql) => Promise<unknown>) {
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const whole = frozen.transaction(async (sql) => {
    await work(sql);
    reached.resolve();
    await goOn.promise;
  });
  await Promise.race([reached.promise, whole]);
  return {
    end: async () => {
      goOn.resolve();
      await whole;
    },
    whole,
  };
}

async function times(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const ms: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const startMs = performance.now();
    await work();
    ms.push(performance.now() - startMs);
  }
  return ms.toSorted((a, b) => a - b);
}

test('I2: a writer that stands still inside its transaction keeps no other merchant waiting', async () => {
  const [one, other] = [await sampleMerchant(working, 1_000n), await sampleMerchant(working, 1_000n)];
  const still = await standStillAfter((sql) =>
    createSettlement(sql, { merchant_id: one, amount_minor: 100, currency: 'USD' }, doer),
  );
  const took = await times(21, () => ask(working, other, 1));
  // The middle one: the slowest of them tells of this machine.
  expect(took[10]).toBeLessThan(100);
  expect(took[20]).toBeLessThan(2_000);
  await still.end();
  const { faults } = await asOwner(url, verifyAudit);
  expect(faults).toEqual([]);
});

test('I1: one that stands still on is ended by the server, and what it held is free', async () => {
  const merchant_id = await sampleMerchant(working, 1_000n);
  const still = await standStillAfter((sql) =>
    sql.query('select from merchants where merchant_id = $1 for update', [merchant_id]),
  );
  const [ms] = await times(1, () => ask(working, merchant_id));
  expect(ms).toBeLessThan(6_000);
  expect(await still.end().then(() => 'done', isDatabaseAway)).toBe(true);
});

test('I2: commits that write both chains, in either order and at once, meet in no circle and leave both whole', async () => {
  const event = (sql: Sql) =>
    sql.query(
      `select append_audit_events(array[('akey_test', 'test', 'x', null, null, null, '', 'req_1')::audit_entry])`,
    );
  const merchants = await Promise.all(Array.from({ length: 4 }, () => sampleMerchant(working, 10n)));
  const book = async (sql: Sql, n: number) => {
    const account = `select ledger_account_no from ledger_accounts where merchant_id = $1 and kind = 'merchant_payable'`;
    await sql.query(
      `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
       select 'tr_frozen_' || $2, (${account}), (select debit_account_no from ledger_transfers limit 1), 1, 'USD', 'direct', 0`,
      [merchants[n % 4], n],
    );
  };
  const ended = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) =>
      working.transaction(async (sql) => {
        if (n % 2 === 0) await event(sql);
        await book(sql, n);
        if (n % 2 === 1) await event(sql);
      }),
    ),
  );
  expect(ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))).toEqual([]);
  const { faults } = await asOwner(url, verifyAudit);
  // No event of the trail is the cause of these bookings, which the ledger takes all the same; both chains are whole.
  expect(faults.filter((fault) => /missing|changed/.test(String(fault)))).toEqual([]);
  const { rows } = await asOwner(url, (sql) => sql.query('select 1 from waiting_for_seal'));
  expect(rows).toEqual([]);
});

test('I6: every source that locks is in the table of locks and their order', () => {
  const origin = new URL('..', import.meta.url);
  const page = readFileSync(new URL('../docs/storage.md', origin), 'utf8');
  const table = page.slice(page.indexOf('### Locks and their order'), page.indexOf('The service works as the role'));
  const locks = /\bfor (?:no key )?(?:update|share)\b|advisory_xact_lock/;
  const sources = readdirSync(origin, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('testing/'),
  );
  const locking = sources.filter((path) => {
    const code = readFileSync(new URL(path, origin), 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, '');
    return locks.test(code);
  });
  expect(locking.length).toBeGreaterThan(20);
  expect(locking.filter((path) => !table.includes(`\`${path.replace(/^.*\//, '')}\``))).toEqual([]);
});
