// A card whose storage was set back, as the origin sees it: found, rebuilt by what is booked, and told to a person until then.

import { beforeAll, beforeEach, expect, test } from 'vitest';
import { clearing } from '../../core/testing/samples.ts';
import { applied, openRepair, running, spendingCard } from '../../scripts/test-repair.ts';
import { until } from '../../scripts/test-waiting.ts';
import type { Database } from '../db/client.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { type StandInEdge, startStandInEdge } from '../testing/stand-in-edge.ts';
import { closeRebuilt } from './card-conditions.ts';
import type { Intake } from './intake.ts';
import { catchUp, createGapRepair, type RepairOptions, rereadCard } from './repair.ts';
import { createSweep } from './sweep.ts';

let database: Database;
let edge: StandInEdge;
let intake: Intake;
let options: RepairOptions;

beforeAll(async () => {
  edge = await startStandInEdge();
  return () => edge.close();
});

beforeEach(async () => {
  const opened = await openRepair(edge);
  ({ database, intake, options } = opened);
  return opened.close;
});

test('a card that was set back is found by the sweep, fenced, rebuilt to the letter, and what was said of it is closed with what was done', async () => {
  const card = spendingCard(edge, 'set-back', 399);
  await intake.take([{ id: '1', body: card.message() }]);
  edge.logs.set(card.card_key, card.events.slice(0, 300));
  await running(createSweep(options), () => until(items, ([item]) => item?.includes('resolved') === true));
  expect(await items()).toEqual(['card_behind_ledger resolved native:set-back']);
  expect(edge.logs.get(card.card_key)).toEqual(card.events);
  expect(edge.calls.filter((call) => call === 'REBUILD native:set-back').length).toBeGreaterThan(1);
  expect((await options.metrics.rebuilt.get()).values[0]?.value).toBe(1);
  const { rows } = await database.sql.query('select result from open_items');
  expect(rows).toEqual([{ result: { rebuilt_up_to: 400, told_again: 0 } }]);
});

test('one of which the edge tells that it was lost is rebuilt at once; of one that is not known here nothing is said', async () => {
  const card = spendingCard(edge, 'lost', 3);
  await intake.take([{ id: '1', body: card.message() }]);
  edge.logs.set(card.card_key, []);
  const told = [card.card_key, 'native:nobody'].map((card_key) => ({ version: 1, kind: 'lost_card', card_key }));
  const outcomes = await intake.take(told.map((body, n) => ({ id: `${n}`, body })));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
  expect(await items()).toEqual(['card_behind_ledger open native:lost']);
  await running(createGapRepair(options), () => until(items, ([item]) => item?.includes('resolved') === true));
  expect(edge.logs.get(card.card_key)).toEqual(card.events);
});

test('one that is set back is found by the first event that it numbers anew, though it then has as many as are booked, and its letters end', async () => {
  const card = spendingCard(edge, 'anew', 3);
  await intake.take([{ id: '1', body: card.message() }]);
  // Set back to its profile, it clears something else under a number that is taken, and then beyond what is taken.
  const anew = new SampleCard('anew');
  for (const [n, key] of ['x', 'y', 'z', 'beyond'].entries())
    anew.receive(clearing({ message_key: key, authorization_key: null, amount_minor: 90 + n }));
  const [first] = card.events;
  const log = [first, ...anew.events.slice(1)];
  edge.logs.set(card.card_key, log);
  await intake.take([{ id: '2', body: { ...card.message(), events: log.slice(1) } }]);
  expect(await applied(database)).toBe('anew 5');
  expect(await items()).toEqual([
    ...['dead_letter open native:anew', 'dead_letter open native:anew', 'dead_letter open native:anew'],
    'card_behind_ledger open native:anew',
  ]);
  await running(createGapRepair(options), () => until(items, (seen) => seen[3]?.includes('resolved') === true));
  // Four of the first life, and the one beyond them: all that is booked.
  expect(edge.logs.get(card.card_key)).toEqual([...card.events, log[4]]);
  // This edge told nothing again: what is not booked stays before a person.
  expect((await items()).slice(0, 3)).toEqual(Array(3).fill('dead_letter open native:anew'));
  const told = (n: number) => ({ ...anew.events[n], sequence: 5 + n });
  edge.logs.set(card.card_key, [...card.events, log[4], told(1), told(2), told(3)]);
  await closeRebuilt(database.sql, card, { sequence: 5, told_again: 3 });
  expect((await items()).slice(0, 3)).toEqual(Array(3).fill('dead_letter open native:anew'));
  await rereadCard(options, card, AbortSignal.timeout(5_000));
  await closeRebuilt(database.sql, card, { sequence: 5, told_again: 3 });
  expect((await items()).slice(0, 3)).toEqual(Array(3).fill('dead_letter resolved native:anew'));
});

test('its rebuild waits for an event that is late, and for one that cannot be read here', async () => {
  const card = spendingCard(edge, 'late', 4);
  await intake.take([{ id: '1', body: card.message(1, 2, 3, 5) }]);
  edge.logs.set(card.card_key, card.events.slice(0, 2));
  const behind = { ...card, network: 'native', card_token: 'late', applied_sequence: '3', seen_sequence: '5' };
  const signal = AbortSignal.timeout(5_000);
  await expect(catchUp(options, behind, signal)).rejects.toThrow('event 4 of a card that was set back has not come');
  await intake.take([{ id: '2', body: card.message(4) }]);
  expect(await catchUp(options, { ...behind, applied_sequence: '5' }, signal)).toBe(true);
  expect(edge.logs.get(card.card_key)).toEqual(card.events);

  const broken = spendingCard(edge, 'broken', 2);
  await intake.take([
    {
      id: '3',
      body: { ...broken.message(), events: [broken.events[0], { sequence: 2, odd: true }, broken.events[2]] },
    },
  ]);
  edge.logs.set(broken.card_key, []);
  await expect(rereadCard(options, broken, signal)).rejects.toThrow(
    'event 2 of a card that was set back cannot be read',
  );
  expect(edge.fenced.has(broken.card_key)).toBe(true);
});

async function items(): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', kind, status, card_key) as line from open_items order by open_item_no`,
  );
  return rows.map(({ line }) => line);
}
