import fc from 'fast-check';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { postings } from '../../core/postings.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { Intake, type IntakeOptions } from './intake.ts';
import { createIntakeMetrics } from './intake-metrics.ts';
import { SampleCard } from './sample-card.ts';

let url: string;
let database: Database;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  return () => database.close();
});

function newIntake(options: Partial<IntakeOptions> = {}): Intake {
  return new Intake({
    database,
    log: pino({ level: 'silent' }),
    metrics: createIntakeMetrics(new Registry()),
    ...options,
  });
}

let cards = 0;
/** A card that the origin knows, on an account of its own, so that its balances are the card's alone. */
async function knownCard(): Promise<SampleCard> {
  cards += 1;
  const card = new SampleCard(`intake-${cards}`);
  const account_id = newId('acct');
  await database.sql.query(`insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')`, [
    account_id,
  ]);
  await database.sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', 'USD', $2)`,
    [newId('lac'), account_id],
  );
  await database.sql.query(
    `insert into cards (card_id, account_id, network, card_token, profile, profile_version) values ($1, $2, $3, $4, '{}', 1)`,
    [newId('card'), account_id, card.network, card.card_token],
  );
  return card;
}

/** What Postgres holds of a card: its stream, its events, its ledger account. */
async function stored(card: SampleCard) {
  const { rows } = await database.sql.query(
    `select s.applied_sequence::int as applied, s.seen_sequence::int as seen,
       (select count(*)::int from card_events e where e.stream_id = s.stream_id) as events,
       (select count(*)::int from ledger_transfers t where t.stream_id = s.stream_id) as transfers,
       b.debits_pending::int as held, (b.debits_posted - b.credits_posted)::int as posted
     from card_streams s
     left join cards c using (network, card_token)
     left join ledger_accounts a on a.account_id = c.account_id
     left join ledger_balances b on b.ledger_account_no = a.ledger_account_no
     where s.network = $1 and s.card_token = $2`,
    [card.network, card.card_token],
  );
  return rows[0];
}

/** What it must hold when every event of the card is booked, by the card's own state. */
function whole({ events, state }: SampleCard) {
  const transfers = events.flatMap((event) => ('effect' in event ? postings(event.effect) : []));
  return {
    applied: events.length,
    seen: events.length,
    events: events.length,
    transfers: transfers.length,
    held: state.held_minor,
    posted: state.posted_minor,
  };
}

const outcomes = (results: { outcome: string }[]) => results.map(({ outcome }) => outcome);
const asMessages = (...bodies: unknown[]) => bodies.map((body, index) => ({ id: `${index}`, body }));

describe('intake', () => {
  test('books what a card says: events, authorizations, transfers, balances', async () => {
    const card = await knownCard();
    card.clear(card.authorize(500), 400);
    card.authorize(70);
    expect(outcomes(await newIntake().take(asMessages(card.message())))).toEqual(['done']);
    expect(await stored(card)).toEqual({ ...whole(card), held: 70, posted: 400 });
  });

  test('a message that comes again changes nothing', async () => {
    const card = await knownCard();
    card.authorize(500);
    const intake = newIntake();
    for (let time = 0; time < 3; time += 1) await intake.take(asMessages(card.message(), card.message(2)));
    expect(await stored(card)).toEqual(whole(card));
  });

  test('what is ahead of a gap is stored and waits; when the gap fills, all of it is booked in order', async () => {
    const card = await knownCard();
    const key = card.authorize(500);
    card.clear(key, 200, false);
    card.clear(key, 300);
    const intake = newIntake();
    await intake.take(asMessages(card.message(4), card.message(1, 3)));
    expect(await stored(card)).toMatchObject({ applied: 1, seen: 4, events: 3, transfers: 0 });
    await intake.take(asMessages(card.message(2)));
    expect(await stored(card)).toEqual(whole(card));
  });

  test('two intakes at once with overlapping messages book each event once', async () => {
    const several = await Promise.all(Array.from({ length: 5 }, knownCard));
    for (const card of several) for (let n = 1; n <= 20; n += 1) card.clear(card.authorize(n), n);
    const [one, other] = [newIntake({ eventsPerBatchMax: 7 }), newIntake({ eventsPerBatchMax: 5 })];
    const bodies = several.flatMap((card) => card.events.map(({ sequence }) => card.message(sequence, sequence + 1)));
    await Promise.all([one.take(asMessages(...bodies)), other.take(asMessages(...bodies.toReversed()))]);
    for (const card of several) expect(await stored(card)).toEqual(whole(card));
  });

  test('a card that the origin does not know is booked to suspense, and nothing is lost', async () => {
    const card = new SampleCard('nobody-knows', null);
    card.clear(null, 900, true, 'CHF');
    await newIntake().take(asMessages(card.message()));
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

describe('intake: what cannot be read', () => {
  test('is kept whole among the dead letters with its reason, and never blocks others', async () => {
    const card = await knownCard();
    card.authorize(500);
    const bad = { version: 7, odd: 'café\u0000' };
    const results = await newIntake().take(asMessages(bad, card.message()));
    expect(outcomes(results)).toEqual(['dead_letter', 'done']);
    const { rows } = await database.sql.query<{ message: string }>(
      `select message, reason from dead_letters where reason like 'version:%'`,
    );
    expect(rows.map(({ message }) => JSON.parse(message))).toEqual([bad]);
  });

  test('one unreadable event: the others are booked, the card goes on, and its later clearing posts all it says', async () => {
    const card = await knownCard();
    const key = card.authorize(500);
    card.clear(key, 400);
    const message = card.message();
    const events = message.events.map((event) => (event.sequence === 2 ? { ...event, effect: 'lost' } : event));
    const intake = newIntake();
    expect(outcomes(await intake.take(asMessages({ ...message, events })))).toEqual(['dead_letter']);
    expect(await stored(card)).toMatchObject({ applied: 3, held: 0, posted: 400, transfers: 1 });
    // It comes again, as everything does: one letter, counted.
    await intake.take(asMessages({ ...message, events }));
    const { rows } = await database.sql.query(
      `select d.times, d.sequence::int from dead_letters d join card_streams s using (stream_id) where s.card_token = $1`,
      [card.card_token],
    );
    expect(rows).toEqual([{ times: 2, sequence: 2 }]);
  });

  test('another event under a number that is taken is a dead letter, not an overwrite', async () => {
    const card = await knownCard();
    card.authorize(500);
    const intake = newIntake();
    await intake.take(asMessages(card.message()));
    const impostor = card.message(2).events.map((event) => ({ ...event, event_id: newId('evt') }));
    await intake.take(asMessages({ ...card.message(), events: impostor }));
    expect(await stored(card)).toEqual(whole(card));
    const { rows } = await database.sql.query(`select reason from dead_letters where reason like '%taken%'`);
    expect(rows).toEqual([{ reason: 'sequence: 2 of this card is taken by another event' }]);
  });

  test('a message that the database refuses is brought back alone; those beside it are booked', async () => {
    const [card, refused] = [await knownCard(), await knownCard()];
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
    const results = await newIntake({ eventsPerBatchMax: 5_000 }).take(asMessages(...pages, card.message()));
    expect(outcomes(results)).toEqual(['done', 'done', 'retry', 'done']);
    expect(await stored(card)).toEqual(whole(card));
  });
});

describe('intake: under pressure', () => {
  test('what does not fit into its bounded queue is to be brought again, and is then booked', async () => {
    const card = await knownCard();
    for (let n = 0; n < 30; n += 1) card.authorize(1);
    const bodies = card.events.map(({ sequence }) => card.message(sequence));
    const intake = newIntake({ eventsWaitingMax: 10, eventsPerBatchMax: 2 });
    const results = await intake.take(asMessages(...bodies));
    expect(new Set(outcomes(results))).toEqual(new Set(['done', 'retry']));
    const again = bodies.filter((_, index) => results[index]?.outcome === 'retry');
    for (const body of again) await intake.take(asMessages(body));
    expect(await stored(card)).toEqual(whole(card));
  });

  test('closing finishes what is in hand, and takes nothing more', async () => {
    const card = await knownCard();
    for (let n = 0; n < 50; n += 1) card.authorize(1);
    const intake = newIntake({ eventsPerBatchMax: 3 });
    const taking = intake.take(asMessages(...card.events.map(({ sequence }) => card.message(sequence))));
    await intake.close();
    expect(new Set(outcomes(await taking))).toEqual(new Set(['done']));
    expect(outcomes(await intake.take(asMessages(card.message())))).toEqual(['retry']);
    expect(await stored(card)).toEqual(whole(card));
  });

  test('without a database everything is to be brought again', async () => {
    const gone = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/nowhere', poolMax: 4, onIdleError: () => {} });
    const card = await knownCard();
    const results = await newIntake({ database: gone }).take(asMessages(card.message(), { not: 'a message' }));
    await gone.close();
    expect(outcomes(results)).toEqual(['retry', 'retry']);
  });
});

describe('intake: any delivery gives the same ledger', () => {
  const step = fc.record({
    what: fc.constantFrom('authorize', 'clear', 'part', 'reverse', 'reverse_part', 'refund', 'void', 'force'),
    which: fc.nat(5),
    amount: fc.integer({ min: 0, max: 1_000 }),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  function happen(card: SampleCard, keys: string[], { what, which, amount }: Step): void {
    const key = keys[which % Math.max(1, keys.length)];
    if (what === 'authorize' || key === undefined) keys.push(card.authorize(amount));
    else if (what === 'clear' || what === 'part') card.clear(key, amount, what === 'clear');
    else if (what === 'reverse') card.reverse(key);
    else if (what === 'reverse_part') card.reverse(key, amount);
    else if (what === 'refund') card.refund(key, amount);
    else if (what === 'void') card.void(key);
    else card.clear(null, amount);
  }

  test('split, repeated, reordered and delivered by two intakes at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 25 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ card: fc.nat(), from: fc.nat(), length: fc.integer({ min: 1, max: 6 }) }), {
          maxLength: 30,
        }),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 40 }),
        async (lives, repeats, order, eventsPerBatchMax) => {
          const several = await Promise.all(lives.map(knownCard));
          for (const [index, steps] of lives.entries()) {
            const keys: string[] = [];
            for (const one of steps) happen(several[index] as SampleCard, keys, one);
          }
          // Every event at least once, and whatever else comes again, in any order.
          const bodies = [
            ...several.flatMap((card) => card.events.map(({ sequence }) => card.message(sequence))),
            ...repeats.map(({ card: nth, from, length }) => {
              const card = several[nth % several.length] as SampleCard;
              const start = from % card.events.length;
              return { ...card.message(), events: card.events.slice(start, start + length) };
            }),
          ];
          const places = new Map(bodies.map((body) => [body, order.next().value as number]));
          bodies.sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
          const [one, other] = [newIntake({ eventsPerBatchMax }), newIntake({ eventsPerBatchMax: 3 })];
          const half = Math.floor(bodies.length / 2);
          const results = await Promise.all([
            one.take(asMessages(...bodies.slice(0, half))),
            other.take(asMessages(...bodies.slice(half))),
          ]);
          expect(new Set(outcomes(results.flat()))).toEqual(new Set(['done']));
          for (const card of several) {
            expect(await stored(card)).toEqual(whole(card));
            await expectAuthorizations(card);
          }
        },
      ),
      { numRuns: 40 },
    );
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  /** The read model says of each authorization what the card's state says. */
  async function expectAuthorizations(card: SampleCard): Promise<void> {
    const { rows } = await database.sql.query<{ held: number; posted: number }>(
      `select a.held_minor::int as held, a.posted_minor::int as posted from authorizations a
       join card_streams s using (stream_id) where s.card_token = $1`,
      [card.card_token],
    );
    expect(rows.reduce((sum, { held }) => sum + held, 0)).toBe(card.state.held_minor);
    expect(rows.reduce((sum, { posted }) => sum + posted, 0)).toBe(card.state.posted_minor);
  }
});
