import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applied, openRepair, running, spendingCard } from '../../scripts/test-repair.ts';
import { until } from '../../scripts/test-waiting.ts';
import type { Database } from '../db/client.ts';
import { EdgeRefused } from '../edge/edge-answer.ts';
import { type StandInEdge, startStandInEdge } from '../testing/stand-in-edge.ts';
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

describe('gap repair', () => {
  test('a lost message is asked for, and what waited behind it is booked', async () => {
    const card = spendingCard(edge, 'gap/?%2f', 9);
    await intake.take([{ id: '1', body: card.message(1, 2, 9, 10) }]);
    expect(await applied(database)).toBe('gap/?%2f 2');
    await running(createGapRepair(options), () =>
      until(
        () => applied(database),
        (seen) => seen === 'gap/?%2f 10',
      ),
    );
  });

  test('an edge that is away is asked again until it is back', async () => {
    const card = spendingCard(edge, 'later', 3);
    await intake.take([{ id: '1', body: card.message(4) }]);
    edge.away = true;
    const loop = createGapRepair(options);
    await running(loop, async () => {
      await until(loop.failures, (failures) => failures > 0);
      edge.away = false;
      await until(
        () => applied(database),
        (seen) => seen === 'later 4',
      );
    });
  });

  test('an event that nobody can read, not even its number, keeps its place and the card goes on', async () => {
    const card = spendingCard(edge, 'unreadable', 4);
    edge.logs.set(
      card.card_key,
      card.events.map((event) => (event.sequence === 3 ? { broken: true } : event)),
    );
    await intake.take([{ id: '1', body: card.message(1, 2, 5) }]);
    await running(createGapRepair(options), () =>
      until(
        () => applied(database),
        (seen) => seen === 'unreadable 5',
      ),
    );
    const { rows } = await database.sql.query(
      `select (evidence #>> '{place,sequence}')::int as sequence, evidence ->> 'message' as message from open_items`,
    );
    expect(rows).toEqual([{ sequence: 3, message: expect.stringContaining('{"broken":true}') }]);
  });

  test('a card that cannot be filled does not keep others from their turn', async () => {
    const [lost, fine] = [spendingCard(edge, 'a-lost', 5), spendingCard(edge, 'b-fine', 5)];
    edge.trimmed.set(lost.card_key, 3);
    await intake.take([lost, fine].map((card) => ({ id: card.card_token, body: card.message(1, 6) })));
    await running(createGapRepair(options), () =>
      until(
        () => applied(database),
        (seen) => seen === 'a-lost 1, b-fine 6',
      ),
    );
  });
});

test('a card that a newer release of the edge has written is told of, until it is read again', async () => {
  const card = spendingCard(edge, 'newer', 2);
  await intake.take([{ id: '1', body: card.message(1, 3) }]);
  const behind = { network: 'native', card_token: 'newer', applied_sequence: '3', seen_sequence: '3' };
  const refusing = {
    ...options.edge,
    eventsAfter: () => Promise.reject(new EdgeRefused(503, 'card_of_newer_release', 'GET')),
  };
  await expect(catchUp({ ...options, edge: refusing }, behind, AbortSignal.timeout(5_000))).rejects.toThrow('503');
  expect(await items()).toEqual(['card_of_newer_release open native:newer']);
  // The loop that has the card next finds it whole.
  await rereadCard(options, behind, AbortSignal.timeout(5_000));
  expect(await items()).toEqual(['card_of_newer_release resolved native:newer']);
});

test('events that the card has forgotten are asked for loudly, and never skipped', async () => {
  const card = spendingCard(edge, 'forgotten', 5);
  await intake.take([{ id: '1', body: card.message(1) }]);
  const behind = { network: 'native', card_token: 'forgotten', applied_sequence: '1', seen_sequence: '1' };
  // All of its rows, as of a card that has rested for longer than it keeps them.
  edge.trimmed.set(card.card_key, 7);
  await expect(catchUp(options, behind, AbortSignal.timeout(5_000))).rejects.toThrow('event 2 is due');
  expect(await items()).toEqual(['card_events_lost open native:forgotten']);
  edge.trimmed.set(card.card_key, 2);
  await catchUp(options, behind, AbortSignal.timeout(5_000));
  expect(await applied(database)).toBe('forgotten 6');
});

test('an edge of before that has fewer events than are booked is counted, and nothing changes', async () => {
  edge.fences = false;
  const card = spendingCard(edge, 'set-back', 5);
  await intake.take([{ id: '1', body: card.message() }]);
  edge.logs.set(card.card_key, card.events.slice(0, 2));
  await catchUp(
    options,
    { network: 'native', card_token: 'set-back', applied_sequence: '6', seen_sequence: '6' },
    new AbortController().signal,
  );
  expect((await options.metrics.edgeBehind.get()).values[0]?.value).toBe(1);
  expect(await applied(database)).toBe('set-back 6');
  expect(await items()).toEqual(['card_behind_ledger open native:set-back']);
});

test('a card that is behind, at an edge of before, is an open item until it has caught up', async () => {
  edge.fences = false;
  const card = spendingCard(edge, 'set-back', 5);
  await intake.take([{ id: '1', body: card.message() }]);
  const sweep = async (isSeen: (seen: string[]) => boolean) => {
    await running(createSweep({ ...options, pauseMs: 0 }), () => until(items, isSeen));
  };
  edge.logs.set(card.card_key, card.events.slice(0, 2));
  await sweep(([item]) => item === 'card_behind_ledger open native:set-back');
  edge.logs.set(card.card_key, card.events);
  await sweep(([item]) => item === 'card_behind_ledger resolved native:set-back');
  // Events that wait here for one before them, and that the edge does not have, tell the same.
  const other = spendingCard(edge, 'waiting', 5);
  await intake.take([{ id: '2', body: other.message(1, 5) }]);
  edge.logs.set(other.card_key, other.events.slice(0, 3));
  await running(createGapRepair(options), () => until(items, (seen) => seen.length === 2));
  expect(await items()).toEqual([
    'card_behind_ledger resolved native:set-back',
    'card_behind_ledger open native:waiting',
  ]);
});

async function items(): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', kind, status, card_key) as line from open_items order by open_item_no`,
  );
  return rows.map(({ line }) => line);
}
