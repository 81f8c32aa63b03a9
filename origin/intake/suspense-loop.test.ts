// Money that was told before its card was made here: once the card is made, the books are those of a card that was made first.

import fc from 'fast-check';
import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { suspenseOf } from '../ledger/suspense.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { accrue } from '../merchants/accrual.ts';
import { asMessages, SampleBooks } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { booksOf as allBooks, dying, inSuspense as suspended } from '../testing/sample-suspense.ts';
import { bookBatch } from './book-batch.ts';
import type { Intake } from './intake.ts';
import { isReadMessage, readMessage } from './read-message.ts';
import { ensureStreams } from './streams.ts';
import { createSuspenseLoop } from './suspense-loop.ts';

let url: string;
let database: Database;
let books: SampleBooks;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 12, onIdleError: () => {} });
  books = new SampleBooks(database);
  return () => database.close();
});

const log = pino({ level: 'silent' });

/** Rounds of the loop until nothing waits for it, or it has failed. */
async function moveAll(within: Database = database): Promise<void> {
  const loop = createSuspenseLoop({ database: within, log });
  loop.start();
  await until(
    async () => ({ ...loop.state(), lag: await loop.lagMs() }),
    ({ lag, last_success_at_ms, failures_total }) =>
      failures_total > 0 || (last_success_at_ms !== null && lag === null),
  );
  await loop.stop();
}

const inSuspense = (card: SampleCard) => suspended(database.sql, card);
const booksOf = (card: SampleCard) => allBooks(database.sql, card);

async function deliver(intake: Intake, message: unknown): Promise<void> {
  expect(await intake.take(asMessages(message))).toMatchObject([{ outcome: 'done' }]);
}

let tokens = 0;
const newToken = () => `late-${++tokens}`;

const step = fc.record({
  what: fc.constantFrom(
    ...[
      'advise',
      'advise',
      'authorize',
      'clear',
      'part',
      'reverse',
      'reverse_part',
      'refund',
      'force',
      'expire',
      'lapse',
    ],
    ...['euro_advice', 'euro_clearing', 'profile'],
  ),
  which: fc.nat(4),
  other: fc.option(fc.nat(4), { freq: 3 }),
  amount: fc.integer({ min: 1, max: 1_000 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The same steps make the same card, but for its token and its ids. The keys are the test's own: an advice may name a new purchase. */
function live(card: SampleCard, steps: readonly Step[]): void {
  for (const { what, which, other, amount } of steps) {
    const key = `${card.card_token}-k${which}`;
    const told = other === null ? {} : { alias_key: `${card.card_token}-k${other}` };
    const euros = { currency: 'EUR' };
    if (what === 'advise') card.advise(key, amount, told);
    else if (what === 'authorize') card.authorize(amount, { authorization_key: key, ...told });
    else if (what === 'clear' || what === 'part') card.clear(key, amount, what === 'clear', told);
    else if (what === 'reverse') card.reverse(key, null, told);
    else if (what === 'reverse_part') card.reverse(key, amount, told);
    else if (what === 'refund') card.refund(key, amount);
    else if (what === 'force') card.clear(null, amount);
    else if (what === 'expire') card.expire(key);
    else if (what === 'lapse') card.lapse();
    else if (what === 'euro_advice') card.advise(`${key}-euro`, amount, euros);
    else if (what === 'euro_clearing') card.clear(`${key}-euro`, amount, true, euros);
    else card.putProfile({ currency: 'USD' });
  }
}

test('F7: in any order of messages, card, later messages and moving, the books are those of a card that was made first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.array(step, { maxLength: 10 }),
      // What is done between the deliveries, each of one event.
      fc.array(fc.constantFrom('deliver', 'deliver', 'deliver', 'make', 'move', 'move_twice'), { maxLength: 50 }),
      fc.nat(4),
      async (before, after, turns, deaths) => {
        const [early, late] = [new SampleCard(newToken(), null), new SampleCard(newToken(), null)];
        for (const card of [early, late]) {
          live(card, before);
          card.putProfile({ currency: 'USD' });
          live(card, after);
        }
        await books.makeKnown(early);
        await deliver(books.intake(), early.message());

        const intake = books.intake();
        let [delivered, isMade] = [0, false];
        const move = (times: number) =>
          Promise.all(Array.from({ length: times }, () => moveAll(dying(database, deaths))));
        for (const turn of [...turns, 'make', 'rest', 'move', 'move_twice'] as const) {
          if (turn === 'deliver' && delivered < late.events.length) {
            delivered += 1;
            await deliver(intake, late.message(delivered));
          } else if (turn === 'rest') await deliver(intake, late.message());
          else if (turn === 'make' && !isMade) {
            isMade = true;
            await books.makeKnown(late);
          } else if (turn === 'move') await move(1);
          else if (turn === 'move_twice') await move(2);
        }
        await moveAll();
        // Through suspense in and out: what is left there is what the early card has there too, in euros.
        const [wanted, got] = [await booksOf(early), await booksOf(late)];
        expect(await inSuspense(late)).toEqual(await inSuspense(early));
        expect((await inSuspense(late)).map(({ currency }) => currency)).not.toContain('USD');
        const { 'suspense USD': _through, ...sums } = got.sums;
        expect({ ...got, sums }).toEqual(wanted);
        // The card's own figures, as the edge has them.
        expect(await books.stored(late)).toMatchObject({
          held: late.state.held_minor,
          posted: late.state.posted_minor,
        });
      },
    ),
    { numRuns: 40 },
  );
  expect((await verifyLedger(database.sql)).differences).toEqual([]);
});

const cleared = { kind: 'clearing', currency: 'USD', authorization_key: null, final: true } as const;
const shop = { id: 'EARLY-SHOP', name: null, category: null, country: null };

/** A card with a hold of 10.00, a clearing of 7.00 and a refund of 2.00, and none of it on an account. */
async function cardWithMoneyInSuspense(): Promise<SampleCard> {
  const card = new SampleCard(newToken(), null);
  card.advise(`${card.card_token}-hold`, 1_000);
  card.receive({ ...cleared, message_key: `${card.card_token}-m1`, amount_minor: 700, merchant: shop });
  card.refund(null, 200);
  await deliver(books.intake(), card.message());
  expect(await inSuspense(card)).toEqual([{ currency: 'USD', held: 1_000, posted: 500 }]);
  return card;
}

describe('money of a card that was made later', () => {
  test('its shop is owed nothing until the card is made, and then once: moving it is no clearing', async () => {
    const merchant_id = 'mrch_early';
    await database.sql.query(
      `insert into merchants (merchant_id, name, currency, network_merchant_ids) values ($1, 'Shop', 'USD', array[$2])`,
      [merchant_id, shop.id],
    );
    await database.sql.query(
      `insert into ledger_accounts (ledger_account_id, kind, currency, merchant_id, never_overdrawn)
       values ('lac_early', 'merchant_payable', 'USD', $1, true)`,
      [merchant_id],
    );
    const owed = async () => {
      while (await accrue(database));
      const { rows } = await database.sql.query<{ owed: number }>(
        `select (credits_posted - debits_posted)::int as owed from ledger_balances join ledger_accounts using (ledger_account_no)
         where merchant_id = $1`,
        [merchant_id],
      );
      return rows[0]?.owed;
    };
    const card = await cardWithMoneyInSuspense();
    expect(await owed()).toBe(0);
    await books.makeKnown(card);
    await moveAll();
    expect(await owed()).toBe(700);
    expect(await books.stored(card)).toMatchObject({ held: 1_000, posted: 500 });
    expect((await suspenseOf(database.sql)).map(({ currency }) => currency)).not.toContain('USD');
    expect((await database.sql.query('select * from streams_in_suspense where currency = $1', ['USD'])).rows).toEqual(
      [],
    );
  });

  test('what comes before the loop and after it is the card’s too', async () => {
    const card = await cardWithMoneyInSuspense();
    await books.makeKnown(card);
    card.clear(`${card.card_token}-hold`, 300, false);
    await deliver(books.intake(), card.message());
    // The hold that it was taken from is in suspense still, and so the clearing is.
    expect(await inSuspense(card)).toEqual([{ currency: 'USD', held: 700, posted: 800 }]);
    await moveAll();
    card.clear(`${card.card_token}-hold`, 900, true);
    await deliver(books.intake(), card.message());
    expect(await inSuspense(card)).toEqual([]);
    expect(await books.stored(card)).toMatchObject({ held: 0, posted: 1_700 });
  });

  test('intake that began before the card was made, and ends after a round of the loop, leaves nothing behind', async () => {
    const card = await cardWithMoneyInSuspense();
    card.receive({ ...cleared, message_key: `${card.card_token}-m2`, amount_minor: 50, merchant: null });
    const message = readMessage(card.message());
    if (!isReadMessage(message)) throw new Error('a message that cannot be read');
    const house = createHouseAccounts(database.sql);
    await house.ensure([
      { kind: 'suspense', network: null, currency: 'USD' },
      { kind: 'network_clearing', network: card.network, currency: 'USD' },
    ]);
    await ensureStreams(database.sql, [message]);
    // It has its lock, and has seen that nobody knows the card. Now the card is made, and the loop comes, and waits for the lock.
    let loops: Promise<unknown> = Promise.resolve();
    const slow: Database = {
      ...database,
      transaction: (work) =>
        database.transaction((sql) =>
          work({
            async query<Row extends object>(...statement: Parameters<Sql['query']>) {
              const answer = await sql.query<Row>(...statement);
              if (typeof statement[0] === 'object' && statement[0].name === 'lock_streams') {
                await books.makeKnown(card);
                loops = Promise.all([moveAll(), moveAll()]);
              }
              return answer;
            },
          }),
        ),
    };
    await bookBatch(slow, house, [message]);
    await loops;
    await moveAll();
    expect(await inSuspense(card)).toEqual([]);
    expect(await books.stored(card)).toMatchObject({ held: 1_000, posted: 550 });
  });

  test('one that cannot be moved is told as a failure of the loop, and holds up no other', async () => {
    const [odd, other] = [await cardWithMoneyInSuspense(), await cardWithMoneyInSuspense()];
    const set = (held_minor: number, where: string) =>
      asOwner(url, (sql) =>
        sql.query(
          `update authorizations set held_minor = $1 where ${where} and stream_id = (select stream_id from card_streams where card_token = $2)`,
          [held_minor, odd.card_token],
        ),
      );
    await set(5, 'posted_minor = 700');
    for (const card of [odd, other]) await books.makeKnown(card);
    const loop = createSuspenseLoop({ database, log });
    loop.start();
    const { last_error } = await until(loop.state, ({ failures }) => failures > 0);
    await loop.stop();
    expect(last_error).toContain('money of 1 cards could not be moved out of suspense');
    expect(await inSuspense(other)).toEqual([]);
    expect(await inSuspense(odd)).toEqual([{ currency: 'USD', held: 0, posted: 700 }]);
    expect(await loop.lagMs()).toBeGreaterThan(0);
    await set(0, 'posted_minor = 700');
    await moveAll();
    expect(await inSuspense(odd)).toEqual([]);
  });

  test('thousands of cards that nobody ever makes hide none that is made', async () => {
    await database.sql.query(
      `with invented as (
         insert into card_streams (network, card_token) select 'native', 'invented-' || n from generate_series(1, 2500) n
         returning stream_id)
       insert into streams_in_suspense (stream_id, currency) select stream_id, 'USD' from invented`,
    );
    const card = await cardWithMoneyInSuspense();
    await books.makeKnown(card);
    const loop = createSuspenseLoop({ database, log, intervalMs: 10 });
    loop.start();
    await until(
      async () => (await inSuspense(card)).length,
      (left) => left === 0,
    );
    await loop.stop();
    expect(await books.stored(card)).toMatchObject({ held: 1_000, posted: 500 });
  });

  test('the audit finds nothing to say', async () => {
    const { faults } = await asOwner(url, (sql) => verifyAudit(sql));
    expect(faults).toEqual([]);
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });
});
