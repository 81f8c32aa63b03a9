// The counters of the thing sold, beside what the ledger holds.

import { beforeAll, expect, test } from 'vitest';
import { declineReasons } from '../../contracts/decline-reasons.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { asMessages, SampleBooks } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';

let database: Database;
let books: SampleBooks;

beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  books = new SampleBooks(database);
  return () => database.close();
});

type Counts = Record<string, number>;

/** Series that are above 0, by their labels' values in order of their names. */
async function counted(name: string): Promise<Counts> {
  const metric = await books.registry.getSingleMetric(name)?.get();
  const series = (metric?.values ?? []).filter(({ value }) => value > 0);
  return Object.fromEntries(
    series.map(({ labels, value }) => [
      Object.keys(labels)
        .sort()
        .map((label) => labels[label])
        .join(' '),
      value,
    ]),
  );
}

/** What the ledger holds of cards' events, as the counter names it. */
async function ledgerSums(): Promise<Counts> {
  const { rows } = await database.sql.query<{ series: string; sum: string }>(
    `select concat_ws(' ', t.currency, s.network,
       case when a.kind = 'network_clearing' then 'refund' else t.kind end) as series, sum(t.amount_minor) as sum
     from ledger_transfers t
     join card_streams s using (stream_id)
     join ledger_accounts a on a.ledger_account_no = t.debit_account_no
     group by 1`,
  );
  return Object.fromEntries(rows.map(({ series, sum }) => [series, Number(sum)]));
}

test('money that is counted is what the ledger holds, whatever comes twice, late and in the wrong order', async () => {
  const cards = [await books.knownCard(), await books.knownCard(), await books.knownCard()];
  for (const [index, card] of cards.entries()) {
    const key = card.authorize(1_000 + index);
    card.clear(key, 400, false);
    card.clear(key, 700);
    card.clear(null, 90);
    card.refund(key, 250);
    card.reverse(card.authorize(333));
    // The second word of one that was given up changes nothing.
    const late = card.authorize(50);
    card.void(late, index > 0);
    card.void(late, index === 0);
    card.authorize(70);
    card.lapse();
  }
  // Nobody knows it: booked to suspense.
  const unknown = new SampleCard('metrics-unknown', null);
  unknown.clear(null, 900, true, { currency: 'CHF' });
  const bodies = [...cards, unknown].flatMap((card) => card.events.map(({ sequence }) => card.message(sequence)));
  const intake = books.intake({ eventsPerBatchMax: 7 });
  for (const part of [bodies.toReversed(), bodies, bodies.slice(3)]) await intake.take(asMessages(...part));

  const sums = await ledgerSums();
  expect(Object.keys(sums)).toEqual(
    expect.arrayContaining([
      'USD native pending',
      'USD native post',
      'USD native void',
      'USD native refund',
      'CHF native direct',
    ]),
  );
  expect(await counted('card_money_minor_total')).toEqual(sums);
  expect(await counted('card_approved_minor_total')).toEqual({ 'USD native': 3 * (1_001 + 333 + 50 + 70) });
  expect(await counted('card_approvals_total')).toEqual({ 'USD native': 12 });
  expect(await counted('card_decisions_total')).toEqual({ 'native approved none': 12 });
  expect(await counted('card_requests_without_card_total')).toEqual({
    'given_up_by_edge native': 1,
    'given_up_by_network native': 2,
  });
});

test('each decline is counted under its reason, and what the edge approved in a card’s place beside it', async () => {
  const card = await books.knownCard();
  card.putProfile({ funds_minor: 100 });
  card.authorize(101);
  card.authorize(5, { currency: 'EUR' });
  card.standIn('a-purchase', 60);
  const intake = books.intake();
  for (let time = 0; time < 2; time += 1) await intake.take(asMessages(card.message()));
  expect(await counted('card_decisions_total')).toEqual({
    'native declined insufficient_funds': 1,
    'native declined currency_not_allowed': 1,
  });
  expect(await counted('card_requests_without_card_total')).toEqual({ 'stood_in native': 1 });
  expect(await counted('card_approved_minor_total')).toEqual({ 'USD native': 60 });
});

test('how long a request waited comes with its event, counts once, and is no reason to refuse anything', async () => {
  const card = await books.knownCard();
  for (const amount of [1, 2, 3]) card.authorize(amount);
  const intake = books.intake();
  const measured = { ...card.message(), answered_ms: { 2: 3, 3: 1_400, 4: 2_500 } };
  for (let time = 0; time < 2; time += 1) await intake.take(asMessages(measured));
  const odd = await books.knownCard();
  odd.authorize(7);
  const results = await intake.take(asMessages({ ...odd.message(), answered_ms: { 2: 'soon', 3: -1 } }));
  expect(results).toEqual([{ id: '0', outcome: 'done' }]);
  const text = await books.registry.getSingleMetricAsString('card_authorization_seconds');
  const bucket = (le: string) => Number(new RegExp(`le="${le}",network="native"} (\\d+)`).exec(text)?.[1]);
  expect([bucket('0.0025'), bucket('0.005'), bucket('1.4'), bucket('2.5'), bucket('\\+Inf')]).toEqual([0, 1, 2, 3, 3]);
});

test('every reason of every network is there from the start', async () => {
  books.intake();
  const metric = await books.registry.getSingleMetric('card_decisions_total')?.get();
  expect(metric?.values).toHaveLength(2 * (declineReasons.length + 1));
  expect(metric?.values.every(({ value }) => value === 0)).toBe(true);
});
