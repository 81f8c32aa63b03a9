// Keys of money (X11): what a card has forgotten, the origin has not. Clearings and refunds that come again after months, without a stamp
// that says how old they are, are not booked a second time.

import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { asMessages, SampleBooks } from '../testing/sample-books.ts';
import type { SampleCard } from '../testing/sample-card.ts';

const dayMs = 86_400_000;
let database: Database;
let books: SampleBooks;

beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
  books = new SampleBooks(database);
  return () => database.close();
});

/** The card's newest event once more, as a card records it that has forgotten the key: another event, so many days later. */
function again(card: SampleCard, days: number): void {
  const last = card.events.at(-1);
  if (last === undefined) throw new Error('the card has events');
  const { sequence, at_ms } = last;
  card.events.push({ ...last, event_id: newId('evt'), sequence: sequence + 1, at_ms: at_ms + days * dayMs });
}

const take = (card: SampleCard) => books.intake().take(asMessages(card.message()));

async function itemsOf(card: SampleCard): Promise<string[]> {
  const { rows } = await database.sql.query<{ said: string }>(
    `select concat_ws(' ', kind, amount_minor, currency, status) as said from open_items where card_key = $1`,
    [card.card_key],
  );
  return rows.map(({ said }) => said);
}

test('X11: a refund of 400.00 on day 36, 80 and 120: booked once, each time for a person', async () => {
  const card = await books.knownCard();
  card.refund(null, 40_000);
  await take(card);
  for (const days of [36, 44, 40]) again(card, days);
  await take(card);
  expect(await books.stored(card)).toMatchObject({ applied: card.events.length, posted: -40_000, transfers: 1 });
  expect(await itemsOf(card)).toEqual(Array(3).fill('money_told_again 40000 USD open'));
});

test('X11: the same in one batch with its first, and a clearing too', async () => {
  const card = await books.knownCard();
  card.clear(null, 250);
  again(card, 90);
  await take(card);
  expect(await books.stored(card)).toMatchObject({ applied: 3, posted: 250, transfers: 1 });
  expect(await itemsOf(card)).toEqual(['money_told_again 250 USD open']);
});

test.each([
  ['after 19 months', 580],
  // Within its memory the card itself tells a repeat from a new one.
  ['while the card remembers', 34],
])('%s the same key is another fact', async (_, days) => {
  const card = await books.knownCard();
  card.refund(null, 40_000);
  again(card, days);
  await take(card);
  expect(await books.stored(card)).toMatchObject({ posted: -80_000, transfers: 2 });
  expect(await itemsOf(card)).toEqual([]);
});

test('another card has keys of its own', async () => {
  const [one, other] = [await books.knownCard(), await books.knownCard()];
  one.refund(null, 40_000);
  other.refund(null, 40_000);
  again(other, 1);
  other.events.splice(-1);
  await take(one);
  await take(other);
  expect(await books.stored(other)).toMatchObject({ posted: -40_000, transfers: 1 });
});
