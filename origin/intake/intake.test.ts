import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { asMessages, SampleBooks, whole } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';

let database: Database;
let books: SampleBooks;

beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
  books = new SampleBooks(database);
  return () => database.close();
});

const outcomes = (results: { outcome: string }[]) => results.map(({ outcome }) => outcome);

describe('intake', () => {
  test('books what a card says: events, authorizations, transfers, balances', async () => {
    const card = await books.knownCard();
    card.clear(card.authorize(500), 400);
    card.authorize(70);
    expect(outcomes(await books.intake().take(asMessages(card.message())))).toEqual(['done']);
    expect(await books.stored(card)).toEqual({ ...whole(card), held: 70, posted: 400 });
  });

  test('a message that comes again changes nothing', async () => {
    const card = await books.knownCard();
    card.authorize(500);
    const intake = books.intake();
    for (let time = 0; time < 3; time += 1) await intake.take(asMessages(card.message(), card.message(2)));
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('what is ahead of a gap is stored and waits; when the gap fills, all of it is booked in order', async () => {
    const card = await books.knownCard();
    const key = card.authorize(500);
    card.clear(key, 200, false);
    card.clear(key, 300);
    const intake = books.intake();
    await intake.take(asMessages(card.message(4), card.message(1, 3)));
    expect(await books.stored(card)).toMatchObject({ applied: 1, seen: 4, events: 3, transfers: 0 });
    await intake.take(asMessages(card.message(2)));
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('two intakes at once with overlapping messages book each event once', async () => {
    const several = await Promise.all(Array.from({ length: 5 }, () => books.knownCard()));
    for (const card of several) for (let n = 1; n <= 20; n += 1) card.clear(card.authorize(n), n);
    const [one, other] = [books.intake({ eventsPerBatchMax: 7 }), books.intake({ eventsPerBatchMax: 5 })];
    const bodies = several.flatMap((card) => card.events.map(({ sequence }) => card.message(sequence, sequence + 1)));
    await Promise.all([one.take(asMessages(...bodies)), other.take(asMessages(...bodies.toReversed()))]);
    for (const card of several) expect(await books.stored(card)).toEqual(whole(card));
  });

  test('a card that the origin does not know is booked to suspense, and nothing is lost', async () => {
    const card = new SampleCard('nobody-knows', null);
    card.clear(null, 900, true, { currency: 'CHF' });
    await books.intake().take(asMessages(card.message()));
    const { rows } = await database.sql.query(
      `select a.kind, b.debits_posted::int as debits from ledger_balances b
       join ledger_accounts a using (ledger_account_no) where a.currency = 'CHF' order by a.kind`,
    );
    expect(rows).toEqual([
      { kind: 'network_clearing', debits: 0 },
      { kind: 'suspense', debits: 900 },
    ]);
  });
});

test('intake: what a person may want to look at is counted once, however often it comes', async () => {
  const card = await books.knownCard();
  card.putProfile({ funds_minor: 100 });
  card.advise('stand-in', 150);
  card.clear('stand-in', 150, true, { currency: 'EUR' });
  const intake = books.intake();
  for (let time = 0; time < 2; time += 1) await intake.take(asMessages(card.message()));
  const metric = await books.registry.getSingleMetric('intake_flagged_events_total')?.get();
  expect(metric?.values.map(({ labels, value }) => [labels['flag'], value])).toEqual([
    ['currency_mismatch', 1],
    ['against_rules', 1],
    ['overdrawn', 1],
  ]);
});

describe('intake: what cannot be read', () => {
  test('is kept whole among the dead letters with its reason, and never blocks others', async () => {
    const card = await books.knownCard();
    card.authorize(500);
    const bad = { version: 7, odd: 'café\u0000' };
    const results = await books.intake().take(asMessages(bad, card.message()));
    expect(outcomes(results)).toEqual(['dead_letter', 'done']);
    const { rows } = await database.sql.query<{ message: string }>(
      `select evidence ->> 'message' as message from open_items where evidence ->> 'reason' like 'version:%'`,
    );
    expect(rows.map(({ message }) => JSON.parse(message))).toEqual([bad]);
  });

  test('one unreadable event: the others are booked, the card goes on, and its later clearing posts all it says', async () => {
    const card = await books.knownCard();
    const key = card.authorize(500);
    card.clear(key, 400);
    const message = card.message();
    const events = message.events.map((event) => (event.sequence === 2 ? { ...event, effect: 'lost' } : event));
    const intake = books.intake();
    expect(outcomes(await intake.take(asMessages({ ...message, events })))).toEqual(['dead_letter']);
    expect(await books.stored(card)).toMatchObject({ applied: 3, held: 0, posted: 400, transfers: 1 });
    // It comes again, as everything does: one letter, counted.
    await intake.take(asMessages({ ...message, events }));
    const { rows } = await database.sql.query(
      `select times, evidence -> 'place' as place from open_items where card_key = $1`,
      [card.card_key],
    );
    expect(rows).toEqual([{ times: 2, place: { card_key: card.card_key, sequence: 2 } }]);
  });

  test('another event under a number that is taken is a dead letter, not an overwrite', async () => {
    const card = await books.knownCard();
    card.authorize(500);
    const intake = books.intake();
    await intake.take(asMessages(card.message()));
    const impostor = card.message(2).events.map((event) => ({ ...event, event_id: newId('evt') }));
    await intake.take(asMessages({ ...card.message(), events: impostor }));
    expect(await books.stored(card)).toEqual(whole(card));
    const { rows } = await database.sql.query(
      `select evidence ->> 'reason' as reason from open_items where evidence ->> 'reason' like '%taken%'`,
    );
    expect(rows).toEqual([{ reason: 'sequence: 2 of this card is taken by another event' }]);
  });

  test('events that the database refuses are dead letters one by one; those beside them are booked, and their card goes on', async () => {
    const [card, refused] = [await books.knownCard(), await books.knownCard()];
    card.authorize(5);
    refused.clear(null, 1);
    const [profile, clearing] = refused.events;
    // Figures that no card has: each is one that a double holds exactly, and together they are more than 64 bits hold.
    const effect = { hold_minor: 0, posted_minor: Number.MAX_SAFE_INTEGER };
    const many = Array.from({ length: 1_099 }, (_, index) => {
      return { ...clearing, effect, sequence: index + 2, event_id: newId('evt') };
    });
    const pages = [0, 400, 800].map((start) => ({
      ...refused.message(),
      events: [profile, ...many].slice(start, start + 400),
    }));
    const results = await books.intake({ eventsPerBatchMax: 5_000 }).take(asMessages(...pages, card.message()));
    expect(outcomes(results)).toEqual(['done', 'done', 'dead_letter', 'done']);
    expect(await books.stored(card)).toEqual(whole(card));
    const { rows } = await database.sql.query<{ letters: number; booked: number; applied: number; reason: string }>(
      `select (select count(*)::int from open_items where kind = 'dead_letter' and card_key = $1) as letters,
         (select min(evidence ->> 'reason') from open_items where kind = 'dead_letter' and card_key = $1) as reason,
         (select count(*)::int from card_events e join card_streams s using (stream_id)
          where s.card_token = $2 and kind <> 'unreadable') as booked,
         (select applied_sequence::int from card_streams where card_token = $2) as applied`,
      [refused.card_key, refused.card_token],
    );
    const [row] = rows;
    expect(row).toMatchObject({ applied: 1_100, reason: 'the database refuses it: 22003' });
    expect(row?.letters).toBeGreaterThan(0);
    expect((row?.letters ?? 0) + (row?.booked ?? 0)).toBe(1_100);
  });

  test('an event that our own code cannot book comes again, and is nobody else’s trouble', async () => {
    const [card, odd] = [await books.knownCard(), await books.knownCard()];
    card.authorize(5);
    odd.authorize(7);
    const broken = new Proxy(database, {
      get: (target, name) =>
        name === 'transaction'
          ? (work: (sql: Sql) => Promise<unknown>) =>
              target.transaction(async (sql) => {
                const result = await work(sql);
                const { rows } = await sql.query(
                  'select from card_events e join card_streams using (stream_id) where card_token = $1',
                  [odd.card_token],
                );
                if (rows.length > 0) throw new TypeError('not a function');
                return result;
              })
          : Reflect.get(target, name),
    });
    const results = await books.intake({ database: broken }).take(asMessages(odd.message(), card.message()));
    expect(outcomes(results)).toEqual(['retry', 'done']);
  });
});

describe('intake: under pressure', () => {
  test('what does not fit into its bounded queue is to be brought again, and is then booked', async () => {
    const card = await books.knownCard();
    for (let n = 0; n < 30; n += 1) card.authorize(1);
    const bodies = card.events.map(({ sequence }) => card.message(sequence));
    const intake = books.intake({ eventsWaitingMax: 10, eventsPerBatchMax: 2 });
    const results = await intake.take(asMessages(...bodies));
    expect(new Set(outcomes(results))).toEqual(new Set(['done', 'retry']));
    const again = bodies.filter((_, index) => results[index]?.outcome === 'retry');
    for (const body of again) await intake.take(asMessages(body));
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('closing finishes what is in hand, and takes nothing more', async () => {
    const card = await books.knownCard();
    for (let n = 0; n < 50; n += 1) card.authorize(1);
    const intake = books.intake({ eventsPerBatchMax: 3 });
    const taking = intake.take(asMessages(...card.events.map(({ sequence }) => card.message(sequence))));
    await intake.close();
    expect(new Set(outcomes(await taking))).toEqual(new Set(['done']));
    expect(outcomes(await intake.take(asMessages(card.message())))).toEqual(['retry']);
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('without a database everything is to be brought again', async () => {
    const gone = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/nowhere', poolMax: 4, onIdleError: () => {} });
    const card = await books.knownCard();
    const results = await books.intake({ database: gone }).take(asMessages(card.message(), { not: 'a message' }));
    await gone.close();
    expect(outcomes(results)).toEqual(['retry', 'retry']);
  });
});

test('intake: the lag is that of what is new, however late it comes again', async () => {
  const lags = async () => {
    const values = (await books.registry.getSingleMetric('intake_lag_seconds')?.get())?.values ?? [];
    const of = (suffix: string) => values.find((value) => Object(value).metricName === `intake_lag_seconds${suffix}`);
    return [of('_count')?.value ?? 0, of('_sum')?.value ?? 0] as const;
  };
  const card = await books.knownCard();
  card.authorize(500);
  card.authorize(70);
  const intake = books.intake();
  const [count, sum] = await lags();
  const before = Date.now();
  await intake.take(asMessages(card.message(1)));
  const [, first] = await lags();
  expect(first - sum).toBeGreaterThanOrEqual((before - (card.events[0]?.at_ms ?? 0)) / 1_000);
  // The first again, alone and beside the second: only the second has a lag.
  await intake.take(asMessages(card.message(1)));
  await intake.take(asMessages(card.message()));
  await intake.take(asMessages(card.message(), card.message(2)));
  expect((await lags())[0]).toBe(count + 2);
});
