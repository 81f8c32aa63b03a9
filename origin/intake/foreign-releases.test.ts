// What gives back in another currency than the card's moves nothing and owes nobody anything: however many come, a person has one item to
// look at. What says that money is owed is one item each, up to twenty a card and day (events-together.test.ts).

import { expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { openDatabase } from '../db/client.ts';
import { asMessages, SampleBooks } from '../testing/sample-books.ts';

test('two hundred expiries, reversals and clearings of 0 in another currency are three items, three clearings of money are three', async () => {
  const database = openDatabase({ url: await createTestDatabase(), poolMax: 2, onIdleError: () => {} });
  const books = new SampleBooks(database);
  const card = await books.knownCard();
  const key = card.authorize(1_000);
  for (let n = 0; n < 200; n += 1) {
    card.receive({ kind: 'expiry', message_key: `e${n}`, authorization_key: key, currency: 'GBP' });
    card.reverse(key, 5, { currency: 'GBP' });
    card.clear(key, 0, false, { currency: 'GBP' });
  }
  for (let n = 0; n < 3; n += 1) card.clear(key, 1, false, { currency: 'GBP' });
  const intake = books.intake();
  const sequences = card.events.map(({ sequence }) => sequence);
  for (let at = 0; at < sequences.length; at += 50)
    await intake.take(asMessages(card.message(...sequences.slice(at, at + 50))));
  const { rows } = await database.sql.query(
    `select evidence -> 'event' -> 'message' ->> 'kind' as kind, times, count(*)::int as items
     from open_items where kind = 'currency_mismatch' group by 1, 2 order by 1, 2`,
  );
  expect(rows).toEqual([
    { kind: 'clearing', times: 1, items: 3 },
    { kind: 'clearing', times: 200, items: 1 },
    { kind: 'expiry', times: 200, items: 1 },
    { kind: 'reversal', times: 200, items: 1 },
  ]);
  await database.close();
});
