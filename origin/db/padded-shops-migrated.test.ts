// Migration 0018 on a database of the release that compared shops' ids with the spaces around them, and only logged what a provider
// said against what was booked.

import { expect, onTestFinished, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { asOwner, createTestDatabaseBefore, ownerUrl } from '../../scripts/test-postgres.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { accrue } from '../merchants/accrual.ts';
import { openDatabase } from './client.ts';
import { migrate } from './migrate.ts';

test('P6 kind: a padded shop of the older release is owed once: what was accrued not again, what was passed over now', async () => {
  const url = await createTestDatabaseBefore('0013');
  const database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  onTestFinished(() => database.close());
  const house = createHouseAccounts(database.sql);
  const clearing = { kind: 'network_clearing', currency: 'USD', network: 'native' } as const;
  const suspense = { kind: 'suspense', currency: 'USD', network: null } as const;
  await house.ensure([clearing, suspense]);
  const base = { amount_minor: 1_000n, currency: 'USD', kind: 'direct', event_at_ms: 0 } as const;
  /** What the merchant's id is, what a message says, and whether the older accrual found the one by the other. */
  const cases = [
    { id: 'PLAIN', said: 'PLAIN', accrued: true },
    { id: 'MP  ', said: 'MP  ', accrued: true },
    { id: 'EP', said: 'EP   ', accrued: false },
    { id: ' BD', said: 'BD', accrued: false },
  ];
  const payables: string[] = [];
  for (const [index, { id, said }] of cases.entries()) {
    await database.sql.query(
      `insert into merchants (merchant_id, name, currency, network_merchant_ids) values ($1, 'M', 'USD', array[$2])`,
      [`mrch_${index}`, id],
    );
    const { rows } = await database.sql.query<{ no: string }>(
      `insert into ledger_accounts (ledger_account_id, kind, currency, merchant_id, never_overdrawn)
       values ($1, 'merchant_payable', 'USD', $2, true) returning ledger_account_no as no`,
      [newId('lac'), `mrch_${index}`],
    );
    payables.push(rows[0]?.no ?? '');
    const authorization_id = newId('auth');
    await database.sql.query(
      `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, merchant, status, requested_minor,
         held_minor, posted_minor, opened_at_ms, updated_at_ms) values ($1, 1, $2, 'USD', $3, 'posted', 0, 0, 0, $4, 0)`,
      [authorization_id, house.numberOf(suspense), JSON.stringify({ id: said, name: 'Shop' }), index],
    );
    const event = { event_id: newId('evt'), stream_id: 1, sequence: index + 1, authorization_id };
    const accounts = {
      debit_account_no: house.numberOf(suspense),
      credit_account_no: house.numberOf(clearing),
    };
    await insertTransfers(database.sql, [{ ...base, ...accounts, event }]);
  }
  for (const [index, { accrued }] of cases.entries()) {
    const accounts = { debit_account_no: house.numberOf(clearing), credit_account_no: Number(payables[index]) };
    if (accrued) await insertTransfers(database.sql, [{ ...base, ...accounts, event: null }]);
  }
  await database.sql.query('update accrual_head set seal_no = (select seal_no from ledger_seal_head)');
  await migrate(ownerUrl(url));
  while (await accrue(database));
  const { rows } = await database.sql.query(
    `select m.merchant_id, b.credits_posted as owed from merchants m join ledger_accounts a using (merchant_id)
     join ledger_balances b using (ledger_account_no) order by 1`,
  );
  expect(rows).toEqual(cases.map((_, index) => ({ merchant_id: `mrch_${index}`, owed: '1000' })));
  expect((await database.sql.query('select network_merchant_id from unassigned_clearings')).rows).toEqual([]);
});

test('P1 kind: what a provider said against what was booked, and the older release only logged, is judged again', async () => {
  const url = await createTestDatabaseBefore('0013');
  await asOwner(url, async (sql) => {
    await sql.query(
      `insert into provider_webhooks (provider, webhook_id, body, word, processed_at, outcome) values
         ('simulated', 'w1', '{}', '{"settlement_id":"stl_1","outcome":"rejected"}', now(), 'contradicts'),
         ('simulated', 'w2', '{}', '{"settlement_id":"stl_1","outcome":"paid"}', now(), 'applied')`,
    );
    await migrate(ownerUrl(url));
    const { rows } = await sql.query('select webhook_id from provider_webhooks where processed_at is null');
    expect(rows).toEqual([{ webhook_id: 'w1' }]);
  });
});
