import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import type { TransferKind } from '../../core/ledger/postings.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { sampleMerchant } from '../../scripts/test-settlements.ts';
import { sqlState } from '../db/away.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { createHouseAccounts } from './house-accounts.ts';
import { insertTransfers, type Transfer } from './transfers.ts';
import { verifyLedger } from './verify.ts';

let url: string;
let database: Database;
let usd: number;
let clearingUsd: number;
let eur: number;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  await database.sql.query(
    "insert into merchants (merchant_id, name, currency) values ('mrch_of_this_test', 'test', 'USD')",
  );
  await database.sql.query(
    `insert into settlements (settlement_id, merchant_id, amount_minor, currency, changed_by, correlation_id)
     values ('stl_of_this_test', 'mrch_of_this_test', 1, 'USD', 'test', 'test')`,
  );
  return () => database.close();
});

/** Accounts of their own for each test, so that balances begin at nothing. */
beforeEach(async () => {
  [usd, clearingUsd, eur] = await Promise.all([makeAccount('USD'), makeAccount('USD'), makeAccount('EUR')]);
});

async function makeAccount(currency: string): Promise<number> {
  const account_id = newId('acct');
  await database.sql.query('insert into accounts (account_id, name, currency) values ($1, $2, $3)', [
    account_id,
    'test',
    currency,
  ]);
  const { rows } = await database.sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', $2, $3)
     returning ledger_account_no as no`,
    [newId('lac'), currency, account_id],
  );
  return Number(rows[0]?.no);
}

function transfer(kind: TransferKind, amount: bigint, over: Partial<Transfer> = {}): Transfer {
  return {
    debit_account_no: usd,
    credit_account_no: clearingUsd,
    amount_minor: amount,
    currency: 'USD',
    kind,
    event_at_ms: 0,
    event: null,
    // A direct transfer has a cause: these are all of one settlement.
    ...(kind === 'direct' ? { settlement_id: 'stl_of_this_test' } : {}),
    ...over,
  };
}

async function book(...transfers: Transfer[]): Promise<void> {
  await database.transaction((sql) => insertTransfers(sql, transfers));
}

async function balance(account: number): Promise<string> {
  const { rows } = await database.sql.query<{ balance: string }>(
    `select concat_ws(' ', debits_pending, credits_pending, debits_posted, credits_posted) as balance
     from ledger_balances where ledger_account_no = $1`,
    [account],
  );
  return rows[0]?.balance ?? '';
}

/** Rows of balances that this connection has updated, as Postgres counts them. */
async function countUpdates(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `select pg_stat_get_xact_tuples_updated('ledger_balances'::regclass)::int as n`,
  );
  return rows[0]?.n ?? Number.NaN;
}

describe('balances are kept by the database', () => {
  // Debits pending, credits pending, debits posted, credits posted.
  test.each<[string, [TransferKind, bigint][], string, string]>([
    ['pending reserves', [['pending', 70n]], '70 0 0 0', '0 70 0 0'],
    [
      'post uses the reservation',
      [
        ['pending', 70n],
        ['post', 70n],
      ],
      '0 0 70 0',
      '0 0 0 70',
    ],
    [
      'a partial post leaves the rest reserved',
      [
        ['pending', 70n],
        ['post', 20n],
      ],
      '50 0 20 0',
      '0 50 0 20',
    ],
    [
      'void gives back',
      [
        ['pending', 70n],
        ['post', 20n],
        ['void', 50n],
      ],
      '0 0 20 0',
      '0 0 0 20',
    ],
    ['direct needs no reservation', [['direct', 70n]], '0 0 70 0', '0 0 0 70'],
  ])('%s', async (_, steps, debited, credited) => {
    await book(...steps.map(([kind, amount]) => transfer(kind, amount)));
    expect([await balance(usd), await balance(clearingUsd)]).toEqual([debited, credited]);
  });

  test('an account that a statement names a thousand times is updated once', async () => {
    const updates = await database.transaction(async (sql) => {
      const before = await countUpdates(sql);
      await insertTransfers(
        sql,
        Array.from({ length: 1_000 }, () => transfer('direct', 1n)),
      );
      return (await countUpdates(sql)) - before;
    });
    expect(updates).toBe(2);
    expect(await balance(usd)).toBe('0 0 1000 0');
  });

  test('batches that share accounts in opposite roles wait for each other and never deadlock', async () => {
    const back = { debit_account_no: clearingUsd, credit_account_no: usd };
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        book(transfer('direct', 1n, n % 2 === 0 ? {} : back), transfer('direct', 1n)),
      ),
    );
    expect(await balance(usd)).toBe('0 0 60 20');
  });

  test.each<[string, () => Transfer[]]>([
    ['more voided than is pending', () => [transfer('pending', 5n), transfer('void', 6n)]],
    ['a post of nothing pending', () => [transfer('post', 1n)]],
    ['an amount of zero', () => [transfer('direct', 0n)]],
    ['one account on both sides', () => [transfer('direct', 1n, { credit_account_no: usd })]],
    ["another currency than the accounts'", () => [transfer('direct', 1n, { currency: 'EUR' })]],
    ['accounts of two currencies', () => [transfer('direct', 1n, { credit_account_no: eur })]],
    ['an account that does not exist', () => [transfer('direct', 1n, { credit_account_no: 999_999_999 })]],
  ])('%s is refused', async (_, transfers) => {
    const error = await book(...transfers()).catch((refused: unknown) => refused);
    expect(sqlState(error)).toMatch(/^23(?:514|503)$/);
    expect([await balance(usd), await balance(clearingUsd)]).toEqual(['0 0 0 0', '0 0 0 0']);
  });

  test('an event is booked once, whatever the code believes', async () => {
    const event = { event_id: newId('evt'), stream_id: usd, sequence: 1, authorization_id: newId('auth') };
    await book(transfer('direct', 5n, { event }));
    const error = await book(transfer('direct', 5n, { event })).catch((refused: unknown) => refused);
    expect(sqlState(error)).toBe('23505');
  });
});

describe('debits equal credits at every commit', () => {
  test('a balance changed by hand fails at commit, even by the owner', async () => {
    await book(transfer('direct', 10n));
    const changed = asOwner(url, async (sql) => {
      await sql.query('begin');
      await sql.query('update ledger_balances set debits_posted = debits_posted + 1 where ledger_account_no = $1', [
        usd,
      ]);
      await sql.query('commit');
    });
    await expect(changed).rejects.toThrow('debits moved in USD are not what credits moved');
    expect(await balance(usd)).toBe('0 0 10 0');
  });

  test('what balances in total, but not in each currency, fails too', async () => {
    const changed = asOwner(url, (sql) =>
      sql.query(
        `update ledger_balances set debits_posted = debits_posted + case ledger_account_no when $1 then 1 else 0 end,
           credits_posted = credits_posted + case ledger_account_no when $1 then 0 else 1 end
         where ledger_account_no in ($1, $2)`,
        [usd, eur],
      ),
    );
    await expect(changed).rejects.toThrow(/debits moved in (?:USD|EUR) are not what credits moved/);
  });

  test('a balance does not come into being with money in it', async () => {
    const made = asOwner(url, (sql) =>
      sql.query(`insert into ledger_balances (ledger_account_no, currency, debits_posted) values (0, 'USD', 1)`),
    );
    await expect(made).rejects.toThrow(/begins at zero|foreign key/);
  });
});

describe('what is written stays written', () => {
  const tables = ['ledger_transfers', 'ledger_accounts', 'ledger_journal', 'card_events'];
  test.each(
    tables.flatMap((table) => [
      `update ${table} set ${first(table)} = ${first(table)}`,
      `delete from ${table}`,
      `truncate ${table}`,
    ]),
  )('the owner is refused: %s', async (statement) => {
    const error = await asOwner(url, (sql) =>
      sql.query(`${statement}${statement.startsWith('truncate') ? ' cascade' : ''}`),
    ).catch((refused: unknown) => refused);
    expect(String(error)).toMatch(/is append-only: (?:update|delete|truncate) is refused/);
  });

  test.each([
    ...tables.map((table) => `alter table ${table} disable trigger all`),
    ...tables.map((table) => `drop trigger append_only on ${table}`),
    ...tables.map((table) => `delete from ${table}`),
    `update ledger_balances set debits_posted = 0`,
    `insert into ledger_balances (ledger_account_no, currency) values (0, 'USD')`,
    `insert into ledger_journal values (pg_current_xact_id(), 'USD', 0, 0, 0, 0)`,
    `alter function book_transfers() owner to atlas_app`,
    `create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
    `set session_replication_role = replica`,
    `drop table card_events`,
    `create table mine ()`,
  ])('the service has no right to: %s', async (statement) => {
    const error = await database.sql.query(statement).catch((refused: unknown) => refused);
    expect(sqlState(error)).toBe('42501');
  });
});

function first(table: string): string {
  return (
    { ledger_transfers: 'amount_minor', ledger_accounts: 'currency', ledger_journal: 'currency' }[table] ?? 'sequence'
  );
}

describe('the proof', () => {
  test('finds nothing in a ledger of transfers', async () => {
    await book(transfer('pending', 70n), transfer('post', 20n), transfer('direct', 3n));
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test('finds balances that are equal among themselves and not the sum of their transfers', async () => {
    const other = await createTestDatabase();
    const forged = openDatabase({ url: other, poolMax: 4, onIdleError: () => {} });
    const house = createHouseAccounts(forged.sql);
    const shares = { kind: 'network_clearing', currency: 'USD' } as const;
    await house.ensure([
      { ...shares, network: 'native' },
      { ...shares, network: 'marqeta' },
    ]);
    await asOwner(other, (sql) =>
      sql.query(
        `update ledger_balances set debits_posted = ledger_account_no - first, credits_posted = 1 - (ledger_account_no - first)
         from (select min(ledger_account_no) as first from ledger_balances) as f`,
      ),
    );
    const { differences } = await verifyLedger(forged.sql);
    await forged.close();
    expect(differences).toHaveLength(2);
    expect(differences[0]).toMatch(/^lac_\w+: the balance is not the sum of its transfers$/);
  });

  test.each([
    ['at the balance', ['ledger_balances']],
    ['at both', ['ledger_balances', 'ledger_accounts']],
  ])("finds a merchant's account that may be overdrawn: said %s", async (_, tables) => {
    const other = await createTestDatabase();
    const loosened = openDatabase({ url: other, poolMax: 4, onIdleError: () => {} });
    await sampleMerchant(loosened, 0n);
    expect((await verifyLedger(loosened.sql)).differences).toEqual([]);
    await asOwner(other, async (sql) => {
      await sql.query('set session_replication_role = replica');
      for (const table of tables) await sql.query(`update ${table} set never_overdrawn = false`);
    });
    const { differences } = await verifyLedger(loosened.sql);
    await loosened.close();
    expect(differences).toEqual([
      expect.stringMatching(/^lac_\w+: what it may pay out is not bounded by what is owed$/),
    ]);
  });
});

test('house accounts: asked for by many at once, each is made once', async () => {
  const wanted = { kind: 'suspense', currency: 'JPY', network: null } as const;
  const numbers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const house = createHouseAccounts(database.sql);
      await house.ensure([wanted]);
      return house.numberOf(wanted);
    }),
  );
  expect(new Set(numbers).size).toBe(1);
});
