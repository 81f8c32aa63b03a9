import { beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { balanceOf, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { accrue } from '../merchants/accrual.ts';

let database: Database;
let holder: number;
let clearing: number;
let sequence = 0;

beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 12, onIdleError: () => {} });
  const account_id = newId('acct');
  await database.sql.query(`insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')`, [
    account_id,
  ]);
  const { rows } = await database.sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', 'USD', $2)
     returning ledger_account_no as no`,
    [newId('lac'), account_id],
  );
  holder = Number(rows[0]?.no);
  const house = createHouseAccounts(database.sql);
  const account = { kind: 'network_clearing', currency: 'USD', network: 'native' } as const;
  await house.ensure([account]);
  clearing = house.numberOf(account);
  const opened = database;
  return () => opened.close();
});

/** What intake books for a clearing at a merchant; below zero: a refund. */
async function clear(
  networkMerchantId: string | null,
  amount: bigint,
  kind: 'direct' | 'pending' = 'direct',
  beforeCommit: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const authorization_id = newId('auth');
  sequence += 1;
  const own = sequence;
  const [debit, credit] = amount > 0n ? [holder, clearing] : [clearing, holder];
  await database.transaction(async (sql) => {
    await sql.query(
      `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, network_merchant_id, status, requested_minor,
         held_minor, posted_minor, opened_at_ms, updated_at_ms) values ($1, 1, $2, 'USD', $3, 'posted', 0, 0, 0, 0, 0)`,
      [authorization_id, holder, networkMerchantId],
    );
    await insertTransfers(sql, [
      {
        debit_account_no: debit,
        credit_account_no: credit,
        amount_minor: amount > 0n ? amount : -amount,
        currency: 'USD',
        kind,
        event_at_ms: 0,
        event: { event_id: newId('evt'), stream_id: 1, sequence: own, authorization_id },
      },
    ]);
    await beforeCommit();
  });
}

async function accrueAll(): Promise<void> {
  for (let n = 0; n < 3 || (await accrue(database)); n += 1) await accrue(database);
}

const at = (network_merchant_ids: string[]) => sampleMerchant(database, 0n, { network_merchant_ids });

describe('accrual', () => {
  test('what has cleared at a merchant is owed to it, and nothing else', async () => {
    const shop = await at(['m1', 'm2']);
    const other = await at(['m3']);
    await clear('m1', 100n);
    await clear('m2', 20n);
    await clear('m3', 7n);
    await clear('m9', 1_000n);
    await clear(null, 1_000n);
    await clear('m1', 5_000n, 'pending');
    await accrueAll();
    expect([await balanceOf(database, shop), await balanceOf(database, other)]).toEqual(['120 0 0', '7 0 0']);
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test('many at once credit each clearing once', async () => {
    const shop = await at(['m1']);
    for (let n = 0; n < 10; n += 1) {
      await clear('m1', 10n);
      await Promise.all(Array.from({ length: 5 }, () => accrue(database)));
    }
    await accrueAll();
    expect(await balanceOf(database, shop)).toBe('100 0 0');
  });

  test('a clearing that commits late is not skipped: none with a later number commits before it', async () => {
    const shop = await at(['m1']);
    const inserted = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const late = clear('m1', 10n, 'direct', () => {
      inserted.resolve();
      return held.promise;
    });
    await inserted.promise;
    const next = clear('m1', 5n);
    await accrueAll();
    expect(await balanceOf(database, shop)).toBe('0 0 0');
    held.resolve();
    await Promise.all([late, next]);
    await accrueAll();
    expect(await balanceOf(database, shop)).toBe('15 0 0');
  });

  test('refunds lower what is owed; beyond it they are made good by what clears next', async () => {
    const shop = await at(['m1']);
    await clear('m1', 100n);
    await clear('m1', -30n);
    await accrueAll();
    expect(await balanceOf(database, shop)).toBe('70 0 0');
    await clear('m1', -90n);
    await accrueAll();
    expect(await balanceOf(database, shop)).toBe('70 0 70');
    await clear('m1', 50n);
    await accrueAll();
    // Twenty were missing.
    expect(await balanceOf(database, shop)).toBe('100 0 70');
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test("a network's id belongs to one merchant", async () => {
    await at(['m1']);
    await expect(at(['m2', 'm1'])).rejects.toThrow('network_merchant_ids[1] belongs to another merchant');
  });
});
