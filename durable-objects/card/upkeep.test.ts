// What time brings: holds lapse though nobody calls, a snapshot takes the log's place, old rows go, and nothing else changes.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { advice, clearing, limitPerDay, profile, request } from '../../core/testing/samples.ts';
import { queuesAway } from '../testing/event-queues.ts';
import { ask, cardAt, eventsOf, newCard, promiseAt, sequencesOf, standing, upTo } from '../testing/sample-card.ts';
import { cardLog } from './card-log.ts';
import { CardSnapshot } from './card-snapshot.ts';

const dayMs = 86_400_000;
/** Ahead of the machine's clock, so that no alarm runs but when a test says so. */
const startMs = Date.UTC(2100, 2, 10, 12);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
  Object.assign(limits, { snapshotRowsMin: 20 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const wait = (ms: number) => void vi.setSystemTime(Date.now() + ms);
const alarmOf = (key: CardKey) => runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());
const promiseOf = async (key: CardKey) => promiseAt(await alarmOf(key));
const runAlarm = (key: CardKey) => runDurableObjectAlarm(cardAt(key));
const authorize = (key: CardKey, one: number | string, changes = {}) =>
  ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor: 100, ...changes }));

/** What the object's storage holds: how far its snapshot reaches, and the rows of its log. */
function storedOf(key: CardKey): Promise<{ snapshot: number | null; rows: number[] }> {
  return runInDurableObject(cardAt(key), (_, { storage: { sql } }) => {
    const snapshot = new CardSnapshot(sql).read();
    const log = cardLog(sql);
    log.keepFrom(snapshot?.rows_from ?? 0);
    return {
      snapshot: snapshot?.sequence ?? null,
      rows: Array.from(log.after(0, 10_000), ({ sequence }) => sequence),
    };
  });
}

/** An alarm that the platform had set for now. One that was set for weeks ago would not make the object believe the clock. */
const fireOnTime = (key: CardKey) =>
  runInDurableObject(cardAt(key), async (card, { storage }) => {
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now() });
  });

/** Runs the alarm as often as a card in use needs it, until it is one of upkeep. */
async function restUntilUpkeep(key: CardKey): Promise<void> {
  await runAlarm(key);
  wait(limits.publishAlarmBusyMs);
  if ((await promiseOf(key)) === 'sending') await runAlarm(key);
  expect(await promiseOf(key)).toBe('upkeep');
}

const everythingOf = async (key: CardKey) => [
  await standing(key),
  await cardAt(key).readControls(),
  await cardAt(key).eventsAfter(0),
];

describe('the snapshot', () => {
  test('is taken when enough rows have come, and the card loaded from it is the same', async () => {
    const key = await newCard({ funds_minor: 10_000, controls: [limitPerDay(1_500, { count: 30 })] });
    for (const one of upTo(12)) await authorize(key, one);
    await runAlarm(key);
    expect(await storedOf(key)).toMatchObject({ snapshot: null });
    for (const one of upTo(12))
      await cardAt(key).receive(clearing({ message_key: `m${one}`, authorization_key: `a${one}` }));
    await runAlarm(key);
    expect(await storedOf(key)).toEqual({ snapshot: 25, rows: upTo(25) });
    wait(limits.publishIntervalMs);
    await authorize(key, 13);
    const before = await everythingOf(key);
    for (const leave of [() => evictDurableObject(cardAt(key)), abortAllDurableObjects]) {
      await leave();
      expect(await everythingOf(key)).toEqual(before);
    }
    expect(await authorize(key, 14, { amount_minor: 9_000 })).toMatchObject({
      decision: { reason: 'exceeds_amount_in_window', trace: [{ remaining_minor: 1_500 - 6_000 }] },
    });
  });

  test('waits for more rows where declines have left many keys, as it does for authorizations', async () => {
    // Four keys to a row: with 40 declines, the next snapshot is due 20 rows after the last, and not before.
    Object.assign(limits, { snapshotRowsMin: 1, snapshotEntriesPerRowMax: 1 });
    const key = await newCard({ status: 'frozen' });
    for (const one of upTo(40)) await authorize(key, one);
    await runAlarm(key);
    expect(await storedOf(key)).toMatchObject({ snapshot: 41 });
    for (const one of upTo(10)) await authorize(key, 40 + one);
    await runAlarm(key);
    expect(await storedOf(key)).toMatchObject({ snapshot: 41 });
    for (const one of upTo(30)) await authorize(key, 50 + one);
    await runAlarm(key);
    expect(await storedOf(key)).toMatchObject({ snapshot: 81 });
    Object.assign(limits, { snapshotRowsMin: 20, snapshotEntriesPerRowMax: 10 });
  });

  test('leaves repeats their first answer, request, message and void alike', async () => {
    const key = await newCard({ funds_minor: 1_000 });
    const answers = [];
    for (const one of upTo(20)) answers.push(await authorize(key, one));
    await cardAt(key).void('r1');
    await cardAt(key).receive(clearing({ authorization_key: 'a2' }));
    await cardAt(key).receive(advice({ message_key: 'stood in', authorization_key: 'a30', request_key: 'r30' }));
    await runAlarm(key);
    expect(await storedOf(key)).toMatchObject({ snapshot: 24 });
    await abortAllDurableObjects();
    for (const one of upTo(20).slice(1)) expect(await authorize(key, one)).toEqual(answers[one - 1]);
    expect(await authorize(key, 1)).toMatchObject({ decision: { reason: 'request_voided' } });
    expect(await authorize(key, 2, { amount_minor: 99 })).toEqual({ outcome: 'conflict', field: 'amount_minor' });
    expect(await cardAt(key).void('r1')).toEqual({ outcome: 'repeated' });
    expect(await cardAt(key).receive(clearing({ authorization_key: 'a2' }))).toMatchObject({ outcome: 'repeated' });
    expect(await standing(key)).toMatchObject({ last_sequence: 24 });
    expect(await authorize(key, 30, { amount_minor: 500 })).toMatchObject({
      decision: { outcome: 'approved', approved_minor: 500 },
    });
  });

  test('of several parts is read whole, and a smaller one leaves none of the larger behind', async () => {
    Object.assign(limits, { snapshotRowsMin: 0, snapshotEntriesPerRowMax: Number.POSITIVE_INFINITY });
    Object.assign(limits, { snapshotPartLengthMax: 500 });
    const key = await newCard();
    const name = '😀'.repeat(60);
    for (const one of upTo(10))
      await authorize(key, one, { merchant: { id: `${one}`, name, category: null, country: null } });
    const parts = () =>
      runInDurableObject(cardAt(key), (_, { storage: { sql } }) =>
        Number(sql.exec('select count(*) as parts from snapshot').one()['parts']),
      );
    await runAlarm(key);
    expect(await parts()).toBeGreaterThan(5);
    const before = await everythingOf(key);
    await abortAllDurableObjects();
    expect(await everythingOf(key)).toEqual(before);
    Object.assign(limits, { snapshotPartLengthMax: 330_000 });
    await runAlarm(key);
    expect(await parts()).toBe(1);
  });

  test('that cannot be written is not taken: the object starts again from what there is', async () => {
    const key = await newCard();
    for (const one of upTo(25)) await authorize(key, one);
    const before = await everythingOf(key);
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) => {
      sql.exec('create table snapshot (part integer primary key, body text not null)');
      sql.exec("create trigger full before insert on snapshot begin select raise(abort, 'disk is full'); end");
    });
    expect(await runAlarm(key).catch(String)).toContain('could not be recorded');
    expect(await everythingOf(key)).toEqual(before);
    expect(await storedOf(key)).toEqual({ snapshot: null, rows: upTo(26) });
  });
});

describe('trimming', () => {
  /** Forty days of one purchase a day, of which two never clear. */
  async function cardOfFortyDays(): Promise<CardKey> {
    const key = await newCard({ hold_days: 31, controls: [limitPerDay(100_000, { window: { per: 'lifetime' } })] });
    for (const day of upTo(40)) {
      await authorize(key, day);
      if (day % 20 !== 0) await cardAt(key).receive(clearing({ message_key: `m${day}`, authorization_key: `a${day}` }));
      wait(dayMs);
    }
    return key;
  }

  test('takes rows that are old, sent and in the snapshot, and no others', async () => {
    const key = await cardOfFortyDays();
    const last = 79;
    // A purchase and its clearing a day: 35 days are left of the forty.
    const firstKept = 1 + 2 * 5 + 1;
    await fireOnTime(key);
    expect(await storedOf(key)).toEqual({ snapshot: last, rows: upTo(last).filter((row) => row >= firstKept) });
    expect(await cardAt(key).eventsAfter(0)).toMatchObject({ first_sequence: firstKept, last_sequence: last });
    expect(sequencesOf(await eventsOf(key))[0]).toBe(firstKept);
  });

  test('leaves what was counted counted, and what is held held, in memory and after a load', async () => {
    const key = await cardOfFortyDays();
    const before = await standing(key);
    const controls = await cardAt(key).readControls();
    expect(controls.controls[0]?.limit?.amount?.used_minor).toBe(38 * 500 + 2 * 100);
    await fireOnTime(key);
    for (const leave of [() => Promise.resolve(), abortAllDurableObjects]) {
      await leave();
      expect(await standing(key)).toEqual(before);
      expect(await cardAt(key).readControls()).toEqual(controls);
    }
    // Its row is gone, and so is its answer; a younger one is still known.
    expect(await cardAt(key).receive(clearing({ message_key: 'm40', authorization_key: 'a40' }))).toMatchObject({
      outcome: 'stored',
    });
    expect(await cardAt(key).receive(clearing({ message_key: 'm39', authorization_key: 'a39' }))).toMatchObject({
      outcome: 'repeated',
    });
  });

  test('waits for what is not sent', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    queuesAway();
    const key = await cardOfFortyDays();
    await fireOnTime(key);
    expect(await storedOf(key)).toEqual({ snapshot: 79, rows: upTo(79) });
  });

  test('reaches a card that nobody uses any more, until nothing is left of its log, and the card is still the same', async () => {
    Object.assign(limits, { snapshotRowsMin: 500 });
    const key = await newCard({ funds_minor: 1_000 });
    await authorize(key, 1);
    await cardAt(key).receive(clearing({ authorization_key: 'a1', amount_minor: 70 }));
    await restUntilUpkeep(key);
    vi.setSystemTime(Number(await alarmOf(key)));
    expect(Date.now() - startMs).toBeLessThanOrEqual(limits.retentionMs + limits.trimDelayMs + 60_000);
    await restUntilNothing(key);
    expect(await storedOf(key)).toEqual({ snapshot: 3, rows: [] });
    // Nor is anything left to be written over, seven weeks after it was heard.
    expect(Date.now() - startMs).toBeLessThanOrEqual(limits.retentionMs + 2 * limits.trimDelayMs + 120_000);
    const lies = await runInDurableObject(cardAt(key), (_, { storage }) =>
      storage.sql.exec('select * from log').toArray(),
    );
    expect(lies).toEqual([]);
    await abortAllDurableObjects();
    // What is no longer in the log was sent.
    expect(await cardAt(key).read()).toMatchObject({ published_sequence: 3 });
    expect(await standing(key)).toMatchObject({
      profile: profile({ funds_minor: 1_000 }),
      posted_minor: 70,
      last_sequence: 3,
    });
    expect(await cardAt(key).eventsAfter(0)).toEqual({ events: [], first_sequence: 4, last_sequence: 3 });
    await authorize(key, 2);
    expect(sequencesOf(await eventsOf(key))).toEqual([4]);
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ available_minor: 830, published_sequence: 4 });
  });

  async function restUntilNothing(key: CardKey): Promise<void> {
    for (let alarm = await alarmOf(key); alarm !== null; alarm = await alarmOf(key)) {
      vi.setSystemTime(Math.max(Date.now(), alarm));
      await runAlarm(key);
      expect(Date.now() - startMs).toBeLessThan(100 * dayMs);
    }
  }
});
