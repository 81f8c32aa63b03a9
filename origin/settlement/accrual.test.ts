// From a card's event to what a merchant is owed, through the real intake: odd texts, shops that no merchant has, and a merchant that
// the ledger refuses. None of them holds up the others.

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { balanceOf, doer, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { Intake } from '../intake/intake.ts';
import { asMessages, SampleBooks } from '../intake/sample-books.ts';
import type { SampleCard } from '../intake/sample-card.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { accrue } from './accrual.ts';
import { addNetworkMerchantIds } from './merchants.ts';
import { raiseUnassigned } from './raise-unassigned.ts';

let url: string;
let database: Database;
let books: SampleBooks;
let intake: Intake;

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 16, onIdleError: () => {} });
  books = new SampleBooks(database);
  intake = books.intake();
  const opened = database;
  return () => opened.close();
});

const shop = (id: string | null, name: string | null = 'Shop') => ({ id, name, category: null, country: null });
const merchantAt = (...ids: string[]) => sampleMerchant(database, 0n, { network_merchant_ids: ids });
const owed = async (merchant: string) => Number((await balanceOf(database, merchant)).split(' ')[0]);

/** What a card buys and the shop clears. */
function buy(card: SampleCard, amount: number, at: ReturnType<typeof shop>): string {
  const key = card.authorize(amount, { merchant: at });
  card.clear(key, amount);
  return key;
}

async function book(...cards: SampleCard[]): Promise<void> {
  const results = await intake.take(asMessages(...cards.map((card) => card.message())));
  expect(results.map(({ outcome }) => outcome)).toEqual(cards.map(() => 'done'));
}

async function accrueAll(setAside: string[] = []): Promise<void> {
  while (await accrue(database, (merchant_id) => setAside.push(merchant_id)));
  while (await raiseUnassigned(database, 'open_items'));
}

async function openItems() {
  const { rows } = await database.sql.query<{ kind: string; item_key: string; amount: number; status: string }>(
    'select kind, item_key, amount_minor::int as amount, status from open_items order by open_item_no',
  );
  return rows;
}

describe('odd texts', () => {
  test.each([
    ['S1: a name that was cut through an emoji', `${'A'.repeat(119)}\ud83d`],
    ['S2: a name with half of a surrogate pair', 'A\ud83dB'],
    ['a name with NUL', 'A\u0000B'],
    ['a name that looks like JSON', '","id":"other'],
    ['a name of line breaks', '\n\r\n'],
  ])('%s: what cleared there and at every other shop is owed', async (_, name) => {
    const [odd, one, two] = [await merchantAt('OTHER'), await merchantAt('one'), await merchantAt('two')];
    const card = await books.knownCard();
    buy(card, 100, shop('OTHER', name));
    buy(card, 2_000, shop('one'));
    buy(card, 3_000, shop('two'));
    await book(card);
    await accrueAll();
    expect([await owed(odd), await owed(one), await owed(two)]).toEqual([100, 2_000, 3_000]);
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test('any texts in any shop: each clearing is owed to its merchant, or to nobody, and the sum is right', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            name: fc.string({ unit: 'binary', maxLength: 130 }),
            id: fc.oneof(fc.constant('one'), fc.constant(' one  '), fc.string({ unit: 'binary', maxLength: 30 })),
            cut: fc.nat(130),
            amount: fc.integer({ min: 1, max: 10_000 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (purchases) => {
          const before = await totals();
          const card = await books.knownCard();
          for (const { name, id, cut, amount } of purchases) {
            // As an edge before this release could have said it: cut in the middle of anything.
            const key = card.authorize(amount, { merchant: shop('x', 'x') });
            card.clear(key, amount);
            const event = card.events.findLast(({ kind }) => kind === 'authorization');
            if (event?.kind === 'authorization')
              Object.assign(event.request.merchant, { id, name: name.slice(0, cut) });
          }
          const results = await intake.take(asMessages(card.message()));
          // An id that the contract does not allow is a dead letter of today's intake: the event's place is kept, the card goes on.
          expect(['done', 'dead_letter']).toContain(results[0]?.outcome);
          await accrueAll();
          const after = await totals();
          expect(after.owed - before.owed + (after.unassigned - before.unassigned)).toBe(after.posted - before.posted);
        },
      ),
      { numRuns: 25 },
    );
  });

  async function totals() {
    const { rows } = await database.sql.query<{ posted: number; owed: number; unassigned: number }>(
      `select (select coalesce(sum(posted_minor), 0)::int from authorizations) as posted,
         (select coalesce(sum(b.credits_posted - b.debits_posted), 0)::int from ledger_balances b
          join ledger_accounts using (ledger_account_no) where kind = 'merchant_payable') as owed,
         (select coalesce(sum(net_minor), 0)::int from unassigned_clearings) as unassigned`,
    );
    return rows[0] ?? { posted: 0, owed: 0, unassigned: 0 };
  }
});

describe('shops that no merchant has', () => {
  test('P6: a clearing of 14.00 at a shop whose merchant is made afterwards is listed until then, and owed then', async () => {
    await merchantAt('one');
    const card = await books.knownCard();
    buy(card, 900, shop('LATE'));
    await book(card);
    await accrueAll();
    buy(card, 500, shop('LATE  '));
    await book(card);
    await accrueAll();
    expect(await openItems()).toEqual([
      { kind: 'clearing_unassigned', item_key: 'native USD LATE', amount: 1_400, status: 'open' },
    ]);
    const late = await merchantAt('LATE');
    await accrueAll();
    expect(await owed(late)).toBe(1_400);
    expect(await openItems()).toMatchObject([{ status: 'resolved' }]);
    buy(card, 100, shop('LATE'));
    await book(card);
    await accrueAll();
    expect(await owed(late)).toBe(1_500);
  });

  test('P6: an id that is added later to a merchant brings what had cleared there, less its refunds', async () => {
    const merchant = await merchantAt('one');
    const card = await books.knownCard();
    const key = buy(card, 2_000, shop('new-id'));
    card.refund(key, 300);
    await book(card);
    await accrueAll();
    const added = { merchant_id: merchant, network_merchant_ids: ['new-id', 'one'] };
    expect(await database.transaction((sql) => addNetworkMerchantIds(sql, added, doer))).toBe(true);
    await accrueAll();
    expect(await owed(merchant)).toBe(1_700);
    // Added again: nothing is owed twice.
    await database.transaction((sql) => addNetworkMerchantIds(sql, added, doer));
    await accrueAll();
    expect(await owed(merchant)).toBe(1_700);
  });

  test('many at once, accruing, clearing and adding the id: each clearing is owed once', async () => {
    const merchant = await merchantAt('one');
    const cards = await Promise.all(Array.from({ length: 6 }, () => books.knownCard()));
    const added = { merchant_id: merchant, network_merchant_ids: ['late'] };
    await Promise.all([
      ...cards.map(async (card) => {
        for (let n = 0; n < 5; n += 1) {
          buy(card, 10, shop('late'));
          await book(card);
        }
      }),
      (async () => {
        for (let n = 0; n < 20; n += 1) await Promise.all([accrue(database), accrue(database)]);
      })(),
      (async () => {
        await accrue(database);
        await database.transaction((sql) => addNetworkMerchantIds(sql, added, doer));
      })(),
    ]);
    await accrueAll();
    expect(await owed(merchant)).toBe(300);
  });

  test('of another currency than its merchant: nobody is owed it, and the item says whose the shop is', async () => {
    const merchant = await sampleMerchant(database, 0n, { network_merchant_ids: ['one'], currency: 'EUR' });
    const card = await books.knownCard();
    buy(card, 700, shop('one'));
    await book(card);
    await accrueAll();
    const { rows } = await database.sql.query<{ summary: string }>('select summary from open_items');
    expect(rows[0]?.summary).toContain(`${merchant} has its id, and is paid in another currency`);
    expect(await owed(merchant)).toBe(0);
  });

  test('a dismissed item stays dismissed while more clears there; what is refunded whole leaves none open', async () => {
    await merchantAt('one');
    const card = await books.knownCard();
    buy(card, 700, shop('street'));
    await book(card);
    await accrueAll();
    await database.sql.query(`update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss'`);
    buy(card, 50, shop('street'));
    await book(card);
    await accrueAll();
    expect(await openItems()).toMatchObject([{ status: 'dismissed', amount: 750 }]);
  });

  test('a program without merchants, and one that wants only the list, get no open items', async () => {
    const card = await books.knownCard();
    buy(card, 700, shop('anywhere'));
    await book(card);
    await accrueAll();
    expect(await openItems()).toEqual([]);
    await merchantAt('one');
    await raiseUnassigned(database, 'list');
    expect(await openItems()).toEqual([]);
    await raiseUnassigned(database, 'open_items');
    expect(await openItems()).toMatchObject([{ item_key: 'native USD anywhere', amount: 700 }]);
  });
});

test('a merchant that the ledger refuses waits alone, as an open item; every other is credited in the same round', async () => {
  const merchants = await Promise.all(Array.from({ length: 9 }, (_, n) => merchantAt(`m${n}`)));
  const odd = merchants[4] ?? '';
  await asOwner(url, (sql) =>
    sql.query(`
      create function refuse_odd() returns trigger language plpgsql as $$
      begin
        if exists (select from booked b join ledger_accounts a on a.ledger_account_no = b.credit_account_no where a.merchant_id = '${odd}')
          then raise exception 'not this one'; end if;
        return null;
      end $$;
      create trigger refuse_odd after insert on ledger_transfers referencing new table as booked
        for each statement execute function refuse_odd();`),
  );
  const card = await books.knownCard();
  for (let n = 0; n < 9; n += 1) buy(card, 100 + n, shop(`m${n}`));
  await book(card);
  const setAside: string[] = [];
  await accrueAll(setAside);
  expect(setAside).toEqual([odd]);
  expect(await Promise.all(merchants.map(owed))).toEqual([100, 101, 102, 103, 0, 105, 106, 107, 108]);
  expect(await openItems()).toEqual([
    { kind: 'accrual_failed', item_key: 'native USD m4', amount: 104, status: 'open' },
  ]);

  // Once it is mended, its id is taken up again and everything is owed.
  await asOwner(url, (sql) => sql.query('drop trigger refuse_odd on ledger_transfers'));
  await database.sql.query('update merchants set ids_taken_up = false where merchant_id = $1', [odd]);
  await accrueAll();
  expect(await owed(odd)).toBe(104);
  expect(await openItems()).toMatchObject([{ status: 'resolved' }]);
});
