// X6: who writes as the service's role can move no money without a cause and cannot say anew where a merchant is paid; and what was
// added past the code is found by audit verify.

import { beforeEach, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { withoutCause } from './causes.ts';

let url: string;
let database: Database;
let merchant: string;

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 2, onIdleError: () => {} });
  merchant = await sampleMerchant(database, 100n);
  return () => database.close();
});

const asService = (text: string, values: unknown[] = []) => database.sql.query<{ id: string }>(text, values);
const found = () => asOwner(url, (sql) => withoutCause(sql));

/** A cardholder's account and one of each house kind, in USD. */
async function accounts(): Promise<Record<string, number>> {
  const account = newId('acct');
  await asService("insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')", [account]);
  await asService(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id, network) values
       ($1, 'cardholder', 'USD', $4, null), ($2, 'funding_source', 'USD', null, null), ($3, 'suspense', 'USD', null, null)
     on conflict do nothing`,
    [newId('lac'), newId('lac'), newId('lac'), account],
  );
  const { rows } = await database.sql.query<{ kind: string; no: string }>(
    "select kind, ledger_account_no as no from ledger_accounts where currency = 'USD'",
  );
  return Object.fromEntries(rows.map(({ kind, no }) => [kind, Number(no)]));
}

const direct = (debit: number | undefined, credit: number | undefined) =>
  asService(
    `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
     values ($1, $2, $3, 5000000, 'USD', 'direct', 0)`,
    ['trf_forged', debit, credit],
  );

test('X6: where a merchant is paid, its currency and its name are not changed by the service', async () => {
  for (const change of [`destinations = '{"simulated": {"account": "mine"}}'`, "currency = 'EUR'", "name = 'Other'"])
    await expect(asService(`update merchants set ${change} where merchant_id = $1`, [merchant])).rejects.toThrow(
      'permission denied',
    );
});

test('X6: a direct transfer from nowhere is refused by the database', async () => {
  const no = await accounts();
  await expect(direct(no['suspense'], no['cardholder'])).rejects.toThrow('without an event or a settlement');
  await expect(direct(no['cardholder'], no['merchant_payable'])).rejects.toThrow('without an event or a settlement');
  await expect(direct(no['funding_source'], no['merchant_payable'])).rejects.toThrow(
    'without an event or a settlement',
  );
  expect(await found()).toEqual([]);
});

test('X6: a funding, a key and a merchant that no audit event knows are named', async () => {
  const no = await accounts();
  expect(await found()).toEqual([]);
  await direct(no['funding_source'], no['cardholder']);
  await asService(
    `insert into api_keys (api_key_id, name, shown, key_hash, scopes, expires_at)
     values ('key_forged', 'forged', 'atlas_', 'x', array['keys:write'], now() + interval '1 day')`,
  );
  await asService("insert into merchants (merchant_id, name, currency) values ('mer_forged', 'Forged', 'USD')");
  expect(await found()).toEqual([
    'transfer trf_forged funds an account, and no audit event says so',
    'API key key_forged can do what no audit event gave it',
    'merchant mer_forged was made, and no audit event says so',
  ]);
});
