// X6: who writes as the service's role can move no money without a cause and cannot say anew where a merchant is paid; and what was
// added past the code is found by audit verify.

import { beforeEach, describe, expect, test } from 'vitest';
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

/** A transfer of 5.00 as the service would write it, naming what it is told to. */
const naming = (
  sql: Pick<Database['sql'], 'query'>,
  no: Record<string, number>,
  named: Readonly<Record<string, unknown>>,
  [debit, credit] = ['cardholder', 'network_clearing'],
) =>
  sql.query(
    `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms,
       ${Object.keys(named).join(', ')})
     values ('trf_forged', $1, $2, 500, 'USD', 'direct', 0, ${Object.keys(named).map((_, at) => `$${at + 3}`)})`,
    [no[debit ?? ''], no[credit ?? ''], ...Object.values(named)],
  );

test.each(['stl_that_never_was', '', ' '])(
  'X6: a transfer in the name of a settlement that is not there is refused: %j',
  async (settlement_id) => {
    const no = await accounts();
    await expect(naming(database.sql, no, { settlement_id })).rejects.toThrow('there is no settlement');
    expect(await found()).toEqual([]);
  },
);

test('X6: one that is past the database, in the name of a settlement that is not there, is named', async () => {
  const no = await accounts();
  await asOwner(url, async (sql) => {
    await sql.query('alter table ledger_transfers disable trigger a_settlement_is_there');
    await naming(sql, no, { settlement_id: 'stl_that_never_was' });
  });
  expect(await found()).toEqual(['transfer trf_forged names a settlement that there is not']);
});

describe('X6: a transfer that names what its card has not is named', () => {
  const event = { stream_id: 1, sequence: 1, event_id: 'evt_real', authorization_id: 'auth_real' };
  const sentence = 'transfer trf_forged names an event or an authorization that its card does not have';

  /** A card's event and the authorization that it began, and another card's authorization. */
  async function card(no: Record<string, number>): Promise<void> {
    await asService(
      'insert into card_events (stream_id, sequence, kind, event_id, at_ms, body) values (1, 1, \'message\', \'evt_real\', 0, \'{"effect":{"hold_minor":0,"posted_minor":500}}\')',
    );
    for (const [authorization_id, stream_id] of [
      ['auth_real', 1],
      ['auth_of_another', 2],
    ])
      await asService(
        `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, status, requested_minor, held_minor,
           posted_minor, opened_at_ms, updated_at_ms) values ($1, $2, $3, 'USD', 'posted', 0, 0, 500, 0, 0)`,
        [authorization_id, stream_id, no['cardholder']],
      );
  }

  test('both there: nothing is said', async () => {
    const no = await accounts();
    await card(no);
    await naming(database.sql, no, event);
    expect(await found()).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another number of the stream', { sequence: 2 }],
    ['another stream', { stream_id: 2, authorization_id: 'auth_of_another' }],
    ['another event in its place', { event_id: 'evt_other' }],
    ['no authorization that is there', { authorization_id: 'auth_that_never_was' }],
    ["another card's authorization", { authorization_id: 'auth_of_another' }],
    ['no authorization at all', { authorization_id: null }],
    ['an authorization and no event', { stream_id: null, sequence: null, event_id: null }],
  ])('%s', async (_, changed) => {
    const no = await accounts();
    await card(no);
    // From an account that needs no cause, where there is no event.
    const way: [string, string] | undefined =
      changed['event_id'] === null ? ['network_clearing', 'merchant_payable'] : undefined;
    await naming(database.sql, no, { ...event, ...changed }, way);
    expect(await found()).toEqual([sentence]);
  });
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
    'transfer trf_forged funds an account, or takes money out of it, and no audit event says so',
    'API key key_forged can do what no audit event gave it',
    'merchant mer_forged was made, and no audit event says so',
  ]);
});
