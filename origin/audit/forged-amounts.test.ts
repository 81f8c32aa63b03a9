// X6: amounts that no card's event and no clearing gives are found by audit verify, whoever wrote them. Each is planted by the database's owner, past every
// trigger, so that only the proof from the events can see it.

import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import type { Sql } from '../db/client.ts';
import { brokenAccruals } from './accrual-law.ts';
import { withoutCause } from './causes.ts';

let url: string;
let shops: SampleShops;
let no: Record<string, number>;
let event: { stream_id: string; sequence: string; event_id: string; authorization_id: string };

beforeEach(async () => {
  url = await createTestDatabase();
  shops = new SampleShops(url);
  await shops.merchantAt('OURS');
  const card = await shops.card();
  shops.buy(card, 900, shop('OURS'));
  shops.buy(card, 300, shop('NOBODYS'));
  card.authorize(250, { merchant: shop('OURS') });
  await shops.told(card, saying('refund', 100), saying('clearing', 80_000));
  // Of a card that nobody knows: booked to suspense.
  const stranger = await shops.card();
  await shops.told(stranger);
  const { rows: accounts } = await shops.database.sql.query<{ kind: string; no: string }>(
    "select kind, min(ledger_account_no) as no from ledger_accounts where currency = 'USD' group by kind",
  );
  no = Object.fromEntries(accounts.map(({ kind, no: one }) => [kind, Number(one)]));
  const { rows } = await shops.database.sql.query<typeof event>(
    `select stream_id, sequence, event_id, authorization_id from ledger_transfers where kind = 'post' order by transfer_no limit 1`,
  );
  event = rows[0] ?? event;
  const { rows: own } = await shops.database.sql.query<{ no: string }>(
    'select ledger_account_no as no from authorizations where authorization_id = $1',
    [event.authorization_id],
  );
  no['cardholder'] = Number(own[0]?.no);
  no['suspense'] ??= await suspense();
  return () => shops.database.close();
});

async function suspense(): Promise<number> {
  const { rows } = await shops.database.sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency) values ('lac_suspense', 'suspense', 'USD') returning ledger_account_no as no`,
  );
  return Number(rows[0]?.no);
}

const found = () => asOwner(url, async (sql) => [...(await withoutCause(sql)), ...(await brokenAccruals(sql))]);

/** Past triggers, as a superuser can: `session_replication_role`. Nothing is sealed, and no balance moves. */
async function plant(kind: string, [debit, credit]: readonly [string, string], amount: number, named: object = event) {
  const columns = { stream_id: null, sequence: null, event_id: null, authorization_id: null, ...named };
  await asOwner(url, async (sql: Sql) => {
    await sql.query("set session_replication_role = 'replica'");
    await sql.query(
      `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms,
         stream_id, sequence, event_id, authorization_id)
       values ('trf_forged', $1, $2, $3, 'USD', $4, 0, $5, $6, $7, $8)`,
      [no[debit], no[credit], amount, kind, ...Object.values(columns)],
    );
  });
}

test('what intake and accrual wrote is as the events say: holds, clearings, refunds, withheld, unassigned', async () => {
  expect(await found()).toEqual([]);
});

describe('X6: an amount that its event does not say', () => {
  test.each<[string, string, [string, string], number]>([
    ['more is taken from the card', 'direct', ['cardholder', 'network_clearing'], 1],
    ['money is given to the card out of suspense', 'direct', ['suspense', 'cardholder'], 500],
    ['all that the event took is given back out of suspense', 'direct', ['suspense', 'cardholder'], 900],
    ['money is taken out of the card into suspense', 'direct', ['cardholder', 'suspense'], 500],
    ['it is taken back as a refund', 'direct', ['network_clearing', 'cardholder'], 900],
    ['it goes to a merchant', 'direct', ['cardholder', 'merchant_payable'], 500],
    ['it goes from the clearing account to a merchant', 'direct', ['network_clearing', 'merchant_payable'], 500],
    ['more is reserved', 'pending', ['cardholder', 'network_clearing'], 1],
    ['more is freed', 'void', ['cardholder', 'network_clearing'], 1],
    ['it is reserved with a merchant', 'pending', ['cardholder', 'merchant_payable'], 5],
  ])('%s', async (_, kind, way, amount) => {
    await plant(kind, way, amount);
    const said = await found();
    expect(said.filter((one) => one.includes(`event ${event.event_id} are not what the event says`))).toHaveLength(1);
  });

  test('an event that is changed, with its transfers as they were', async () => {
    await asOwner(url, async (sql: Sql) => {
      await sql.query("set session_replication_role = 'replica'");
      await sql.query(
        `update card_events set body = jsonb_set(body::jsonb, '{effect,posted_minor}', '901')::json where event_id = $1`,
        [event.event_id],
      );
    });
    expect(await found()).toEqual([expect.stringContaining(`event ${event.event_id} are not what the event says`)]);
  });
});

describe('X6: an accrual that no clearing gives', () => {
  test.each<[string, [string, string], string]>([
    [
      'a merchant is owed more',
      ['network_clearing', 'merchant_payable'],
      'merchants are owed 700 minor units of USD more than cleared',
    ],
    [
      'a merchant is owed less',
      ['merchant_payable', 'network_clearing'],
      'merchants are owed 700 minor units of USD less than cleared',
    ],
  ])('%s', async (_, way, sentence) => {
    await plant('direct', way, 700, {});
    expect(await found()).toContain(sentence);
  });

  test.each([
    ['what is unassigned', 'update unassigned_clearings set net_minor = net_minor - 1'],
    ['what is withheld', "update unapproved_clearings set left_minor = left_minor - 1 where state = 'withheld'"],
    ['a deficit', 'update merchant_accruals set deficit_minor = deficit_minor + 1'],
  ])('%s is said to be another', async (_, change) => {
    await asOwner(url, async (sql: Sql) => {
      await sql.query("set session_replication_role = 'replica'");
      await sql.query(change);
    });
    expect(await found()).toEqual([
      expect.stringMatching(/^merchants are owed 1 minor units of USD (?:more|less) than cleared$/),
    ]);
  });
});
