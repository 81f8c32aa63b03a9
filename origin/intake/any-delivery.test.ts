import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { asMessages, SampleBooks, whole } from '../testing/sample-books.ts';
import type { SampleCard } from '../testing/sample-card.ts';

let database: Database;
let books: SampleBooks;

beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
  books = new SampleBooks(database);
  return () => database.close();
});

const outcomes = (results: { outcome: string }[]) => results.map(({ outcome }) => outcome);

const turns = [
  ...['authorize', 'authorize', 'authorize', 'increment', 'clear', 'part', 'reverse', 'reverse_part', 'refund', 'void'],
  ...['force', 'advise', 'expire', 'lapse'],
];

describe('intake: any delivery gives the same ledger', () => {
  const step = fc.record({
    what: fc.constantFrom(...turns),
    which: fc.nat(5),
    other: fc.option(fc.nat(5), { freq: 3 }),
    amount: fc.integer({ min: 0, max: 1_000 }),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  function happen(card: SampleCard, keys: string[], { what, which, other, amount }: Step): void {
    const key = keys[which % Math.max(1, keys.length)];
    // Now and then the network names two authorizations as one.
    const alias = other === null ? undefined : keys[other % Math.max(1, keys.length)];
    const told = alias === undefined ? {} : { alias_key: alias };
    if (what === 'authorize' || key === undefined) keys.push(card.authorize(amount));
    else if (what === 'clear' || what === 'part') card.clear(key, amount, what === 'clear', told);
    else if (what === 'reverse') card.reverse(key, null, told);
    else if (what === 'reverse_part') card.reverse(key, amount, told);
    else if (what === 'refund') card.refund(key, amount);
    else if (what === 'void') card.void(key);
    else if (what === 'increment') card.authorize(amount, { authorization_key: key, kind: 'incremental', ...told });
    else if (what === 'advise') card.advise(key, amount, told);
    else if (what === 'expire') card.expire(key);
    else if (what === 'lapse') card.lapse();
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
          const several = await Promise.all(lives.map(() => books.knownCard()));
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
          const [one, other] = [books.intake({ eventsPerBatchMax }), books.intake({ eventsPerBatchMax: 3 })];
          const half = Math.floor(bodies.length / 2);
          const results = await Promise.all([
            one.take(asMessages(...bodies.slice(0, half))),
            other.take(asMessages(...bodies.slice(half))),
          ]);
          expect(new Set(outcomes(results.flat()))).toEqual(new Set(['done']));
          for (const card of several) {
            expect(await books.stored(card)).toEqual(whole(card));
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
