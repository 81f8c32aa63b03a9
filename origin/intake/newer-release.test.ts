// What a newer edge writes: fields that this release does not know are kept and passed over; a kind, a word or a version that it does not know
// makes its card wait, whole and counted, while the others go on; and the release that can read it goes on by itself.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRepair, running } from '../../scripts/test-repair.ts';
import { until } from '../../scripts/test-waiting.ts';
import { SampleBooks, whole } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { type StandInEdge, startStandInEdge } from '../testing/stand-in-edge.ts';
import { readEvent } from './read-event.ts';
import { createGapRepair } from './repair.ts';

type Json = Record<string, unknown>;

let edge: StandInEdge;
let parts: Awaited<ReturnType<typeof openRepair>>;
let books: SampleBooks;
beforeAll(async () => {
  edge = await startStandInEdge();
});
afterAll(() => edge.close());
beforeEach(async () => {
  parts = await openRepair(edge);
  books = new SampleBooks(parts.database);
  return parts.close;
});

/** A profile, an approval and its clearing, and another. */
function spent(card: SampleCard): SampleCard {
  const key = card.authorize(500);
  card.clear(key, 400);
  card.clear(null, 7);
  // A sample's shop has a name as old edges wrote them, which is read anew; a newer edge writes none.
  for (const event of card.events)
    for (const name of placesOf(event)) if (name.at(-1) === 'merchant') at(event, name)['name'] = 'Corner';
  return card;
}

/** One that the origin knows, and the edge has. */
async function spentAndKnown(): Promise<SampleCard> {
  const card = spent(await books.knownCard());
  edge.logs.set(card.card_key, card.events);
  return card;
}

const copy = <T>(value: T): T => structuredClone(value);

/** Every place of a value, as a way to it. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, one]) => placesOf(one, [...path, name]));
  return Array.isArray(value) ? inside : [path, ...inside];
}

const at = (value: unknown, path: readonly string[]) =>
  path.reduce<unknown>((within, name) => (within as Json)[name], value) as Json;

describe('readEvent', () => {
  const { events } = spent(new SampleCard('read'));

  test('a field that it does not know, in any object of any event, is kept and passed over', () => {
    let tried = 0;
    for (const event of events)
      for (const path of placesOf(event)) {
        const newer = copy(event) as unknown as Json;
        at(newer, path)['brand_new'] = { any: ['thing', 1] };
        expect([path, readEvent(newer)]).toEqual([path, { event, raw: newer }]);
        tried += 1;
      }
    expect(tried).toBeGreaterThan(events.length * 2);
  });

  const [, authorization, clearing] = events as unknown as Json[];
  test.each<[string, unknown]>([
    ['a kind of event', { ...authorization, kind: 'seizure', seized: { at: 1 } }],
    ['a kind of message', { ...clearing, message: { ...(clearing?.['message'] as Json), kind: 'chargeback' } }],
    ['a word of a list', { ...clearing, anomaly: 'brand_new' }],
    ['a word beside a new field', { ...clearing, anomaly: 'brand_new', more: 1 }],
    ['a version', { ...authorization, version: 2 }],
  ])('%s that it does not know is of a newer release', (_, newer) => {
    expect(readEvent(newer)).toMatchObject({ isOfNewer: true });
  });

  test.each<[string, unknown]>([
    ['no kind', { ...authorization, kind: undefined }],
    ['a kind that is no word', { ...authorization, kind: 'Seizure of funds!' }],
    ['a new kind without a number', { kind: 'seizure', at_ms: 1 }],
    ['a wrong amount', { ...authorization, effect: { hold_minor: 'lost', posted_minor: 0 } }],
    ['a new word beside a wrong amount', { ...clearing, anomaly: 'brand_new', effect: 7 }],
    ['a version that is none', { ...authorization, version: 'two' }],
    ['nothing', null],
  ])('%s is unreadable, and of no release', (_, broken) => {
    expect(readEvent(broken)).toMatchObject({ isOfNewer: false });
  });
});

/** Its event with this number as a newer release would have written it. */
const newerIn = (card: SampleCard, sequence: number, change: Json) =>
  card.events.map((event) => (event.sequence === sequence ? { ...event, ...change } : event));

async function items(): Promise<object[]> {
  const { rows } = await parts.database.sql.query<object>(
    `select kind, status, resolution, card_key, evidence -> 'place' -> 'sequence' as sequence from open_items order by open_item_no`,
  );
  return rows;
}

const letterOf = (card: SampleCard, sequence: number, more: object = {}) => ({
  ...{ kind: 'event_of_newer_release', status: 'open', resolution: null, card_key: card.card_key, sequence, ...more },
});

describe('an event of a newer release', () => {
  test.each([2, 4])(
    'number %i of 4: its card waits from there, others go on, and the newer origin goes on by itself',
    async (n) => {
      const [card, other] = [await spentAndKnown(), await spentAndKnown()];
      const newer = newerIn(card, n, { kind: 'seizure', seized: 1 });
      edge.logs.set(card.card_key, newer as never);
      const message = { ...card.message(), events: newer };
      const outcomes = await parts.intake.take([
        { id: '1', body: message },
        { id: '2', body: other.message() },
        { id: '3', body: message },
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['dead_letter', 'done', 'dead_letter']);
      expect(await books.stored(card)).toMatchObject({ applied: n - 1, seen: 4, events: 3 });
      expect(await books.stored(other)).toEqual(whole(other));
      expect(await items()).toEqual([letterOf(card, n)]);

      await running(createGapRepair(parts.options), async () => {
        // Read again from the card's own log, it waits as before and is one item.
        const times = () =>
          parts.database.sql
            .query<{ times: number }>('select times from open_items')
            .then(({ rows }) => rows[0]?.times);
        await until(times, (seen) => (seen ?? 0) > 2);
        expect([await books.stored(card), await items()]).toMatchObject([{ applied: n - 1 }, [letterOf(card, n)]]);
        // The upgrade: what the card has can be read.
        edge.logs.set(card.card_key, card.events);
        await until(
          () => books.stored(card),
          (seen) => (seen as { applied: number }).applied === 4,
        );
        await until(items, ([item]) => (item as { status: string }).status === 'resolved');
      });
      expect(await books.stored(card)).toEqual(whole(card));
      expect(await items()).toEqual([letterOf(card, n, { status: 'resolved', resolution: 'gone' })]);
    },
  );

  test('a message in a form of a newer release: all of its events wait, and none is taken for what it seems', async () => {
    const card = await spentAndKnown();
    const body = { ...card.message(), version: 2 };
    await parts.intake.take([{ id: '1', body }]);
    expect(await books.stored(card)).toMatchObject({ applied: 0, seen: 4, events: 0 });
    expect(await items()).toEqual([letterOf(card, 1)]);
    await running(createGapRepair(parts.options), () =>
      until(
        () => books.stored(card),
        (seen) => (seen as { applied: number }).applied === 4,
      ),
    );
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('unknown fields are stored to the letter, and booked without them', async () => {
    const card = await spentAndKnown();
    const events = card.events.map((event) => ({ ...event, brand_new: { at: [1] } }));
    await parts.intake.take([{ id: '1', body: { ...card.message(), events, beside: 1 } }]);
    expect(await books.stored(card)).toEqual(whole(card));
    const { rows } = await parts.database.sql.query<{ body: unknown }>(
      'select body from card_events order by sequence',
    );
    expect(rows.map(({ body }) => body)).toEqual(events);
    expect(await items()).toEqual([]);
  });
});
