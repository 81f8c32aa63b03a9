// What the database itself refuses, whatever the code believes, and even to its owner.

import { beforeAll, describe, expect, test } from 'vitest';
import { type SettlementState, settlementStates } from '../../contracts/settlement.ts';
import { settlementTransitions } from '../../core/settlement/settlement.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { ask, balanceOf, doer, sampleMerchant, standingOf } from '../../scripts/test-settlements.ts';
import { sqlState } from '../db/away.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { cancelSettlement } from './cancel.ts';
import { createSettlement } from './create.ts';

let url: string;
let database: Database;
let merchant: `mrch_${string}`;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  merchant = await sampleMerchant(database, 1_000_000n);
  return () => database.close();
});

/** The shortest allowed way to a state. */
const ways: Readonly<Record<SettlementState, readonly SettlementState[]>> = {
  queued: [],
  processing: ['processing'],
  completed: ['processing', 'completed'],
  failed: ['failed'],
  retry_pending: ['processing', 'retry_pending'],
};

function become(id: string, state: SettlementState): Promise<unknown> {
  return database.sql.query(
    `update settlements set state = $2, changed_by = 'test', change_reason = 'test',
       failure_code = case when $2 = 'failed' then 'test' end where settlement_id = $1`,
    [id, state],
  );
}

async function settlementThatIs(state: SettlementState): Promise<string> {
  const id = await ask(database, merchant);
  for (const step of ways[state]) await become(id, step);
  return id;
}

async function transitions(id: string): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws('>', from_state, to_state) as line from audit_events where subject = $1 order by audit_no`,
    [id],
  );
  return rows.map(({ line }) => line);
}

const pairs = settlementStates.flatMap((from) =>
  settlementStates.filter((to) => to !== from).map((to) => [from, to] as const),
);
const isAllowed = ([from, to]: readonly [SettlementState, SettlementState]) => settlementTransitions[from].includes(to);

describe('transitions', () => {
  test.each(pairs.filter(isAllowed))('%s becomes %s, and its audit event is written with it', async (from, to) => {
    const id = await settlementThatIs(from);
    await become(id, to);
    expect((await transitions(id)).at(-1)).toBe(`${from}>${to}`);
  });

  test.each(pairs.filter((pair) => !isAllowed(pair)))('%s never becomes %s', async (from, to) => {
    const id = await settlementThatIs(from);
    const before = await transitions(id);
    const refused = await become(id, to).catch((error: unknown) => error);
    expect(sqlState(refused)).toMatch(/^23/);
    expect(await standingOf(database, [id])).toMatchObject([{ state: from }]);
    expect(await transitions(id)).toEqual(before);
  });
});

describe('what is final is never changed again', () => {
  const columns = [
    ...[
      "reference = 'x'",
      'amount_minor = 1',
      "change_reason = 'x'",
      'attempts = 9',
      'due_at = now()',
      "failure_code = 'x'",
    ],
    ...["provider = 'x'", "state = 'queued'", 'final_at = now()', 'state = state'],
  ];
  test.each((['completed', 'failed'] as const).flatMap((state) => columns.map((column) => [state, column] as const)))(
    '%s, by its owner: set %s',
    async (state, column) => {
      const id = await settlementThatIs(state);
      const refused = await asOwner(url, (sql) =>
        sql.query(`update settlements set ${column} where settlement_id = $1`, [id]),
      ).catch((error: unknown) => error);
      expect(String(refused)).toMatch(/is final/);
    },
  );

  test.each(['delete from settlements', 'truncate settlements cascade', 'delete from settlements where false'])(
    'no settlement is removed: %s',
    async (statement) => {
      await settlementThatIs('completed');
      const refused = await asOwner(url, (sql) => sql.query(statement)).catch((error: unknown) => error);
      expect(String(refused)).toMatch(/append-only: (?:delete|truncate) is refused/);
      expect(sqlState(await database.sql.query(statement).catch((error: unknown) => error))).toBe('42501');
    },
  );

  const chained = ['audit_events', 'provider_exchanges', 'ledger_seals'];
  test.each(
    chained.flatMap((table) => [
      `update ${table} set ${table === 'ledger_seals' ? 'transfers = 0' : "subject = ''"}`,
      `delete from ${table}`,
      `truncate ${table}`,
    ]),
  )('records are append-only, to their owner too: %s', async (statement) => {
    const real = statement.replace("provider_exchanges set subject = ''", "provider_exchanges set detail = ''");
    const refused = await asOwner(url, (sql) => sql.query(real)).catch((error: unknown) => error);
    expect(String(refused)).toMatch(/append-only: (?:update|delete|truncate) is refused/);
    expect(sqlState(await database.sql.query(real).catch((error: unknown) => error))).toBe('42501');
  });
});

describe('what a settlement pays, and to whom, never changes', () => {
  test.each([
    ['an amount', 'amount_minor = amount_minor + 1'],
    ['a currency', "currency = 'EUR'"],
    ['an id', "settlement_id = 'stl_x'"],
    ['a submission taken back', 'submissions = -1'],
  ])('%s', async (_, change) => {
    const id = await settlementThatIs('processing');
    const refused = database.sql.query(`update settlements set ${change} where settlement_id = $1`, [id]);
    await expect(refused).rejects.toThrow();
  });

  test('another provider, while the first may have paid', async () => {
    const id = await settlementThatIs('processing');
    await database.sql.query(
      `update settlements set provider = 'one', submissions = 1, outcome_unknown = true where settlement_id = $1`,
      [id],
    );
    const elsewhere = `update settlements set provider = 'two', submissions = 2 where settlement_id = $1`;
    await expect(database.sql.query(elsewhere, [id])).rejects.toThrow('may have been paid by one');
    await database.sql.query(`update settlements set outcome_unknown = false where settlement_id = $1`, [id]);
    await database.sql.query(elsewhere, [id]);
  });
});

describe('a payable account is never overdrawn', () => {
  test('reservations beyond what is owed are refused by the database', async () => {
    const poor = await sampleMerchant(database, 50n);
    const { rows } = await database.sql.query<{ no: string; other: string }>(
      `select a.ledger_account_no as no, c.ledger_account_no as other from ledger_accounts a, ledger_accounts c
       where a.merchant_id = $1 and c.kind = 'network_clearing' limit 1`,
      [poor],
    );
    const reserve = (amount: number) =>
      database.sql.query(
        `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
         values ('trf_test', $1, $2, $3, 'USD', 'pending', 0)`,
        [rows[0]?.no, rows[0]?.other, amount],
      );
    await reserve(30);
    await expect(reserve(21)).rejects.toThrow('never_overdrawn');
    await reserve(20);
    expect(await balanceOf(database, poor)).toBe('50 50 0');
  });
});

describe('cancelled', () => {
  test('while queued: failed, by whoever cancelled it', async () => {
    const id = await settlementThatIs('queued');
    await database.transaction((sql) => cancelSettlement(sql, id, { ...doer, actor: 'akey_other' }));
    expect(await standingOf(database, [id])).toMatchObject([{ state: 'failed', failure_code: 'cancelled' }]);
    expect(await transitions(id)).toEqual(['queued', 'queued>failed']);
  });

  test.each([
    ['processing', 'still queued'],
    ['retry_pending', 'still queued'],
    ['completed', 'is final'],
    ['failed', 'is final'],
  ] as const)('not when it is %s', async (state, says) => {
    const id = await settlementThatIs(state);
    await expect(cancelSettlement(database.sql, id, doer)).rejects.toThrow(says);
  });

  test('not what is not there', async () => {
    await expect(cancelSettlement(database.sql, 'stl_nobody', doer)).rejects.toThrow('no settlement');
  });
});

describe('asked for', () => {
  test.each([
    ['more than is owed', { amount_minor: 1_000_001 }, 'owes the merchant less'],
    ['another currency', { currency: 'EUR' }, 'currency is not the currency'],
    ['a merchant that is not there', { merchant_id: 'mrch_nobody' as const }, 'no merchant'],
  ])('%s is refused', async (_, over, says) => {
    const wanted = { merchant_id: merchant, amount_minor: 1, currency: 'USD', ...over };
    await expect(createSettlement(database.sql, wanted, doer)).rejects.toThrow(says);
  });

  test('without a destination it is refused', async () => {
    await expect(ask(database, await sampleMerchant(database, 100n, { destinations: {} }))).rejects.toThrow(
      'no destination',
    );
  });
});
