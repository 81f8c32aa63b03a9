// One release's storage under another one's code: after a deployment, after it is rolled back, and after it is rolled back too far.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { profile, request } from '../../core/testing/samples.ts';
import { ask, cardAt, newCard, standing, upTo } from '../testing/sample-card.ts';
import { cardLog } from './card-log.ts';
import { CardSnapshot } from './card-snapshot.ts';

const dayMs = 86_400_000;
/** Ahead of the machine's clock, so that no alarm runs but when a test says so. */
const startMs = Date.UTC(2100, 2, 10, 12);
const usual = { ...limits };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
  Object.assign(limits, { snapshotRowsMin: 10 });
});
afterEach(() => {
  vi.useRealTimers();
  Object.assign(limits, usual);
});

const wait = (ms: number) => void vi.setSystemTime(Date.now() + ms);
const decide = (key: CardKey, one: number) =>
  ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor: 100 }));
async function decideSome(key: CardKey, from: number, to: number): Promise<void> {
  for (let one = from; one <= to; one++) await decide(key, one);
  await fireOnTime(key);
}
/** An alarm that the platform had set for now. One that was set for weeks ago would not make the object believe the clock. */
const fireOnTime = (key: CardKey) =>
  runInDurableObject(cardAt(key), async (card, { storage }) => {
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now() });
  });
const inStorage = <T>(key: CardKey, look: (sql: SqlStorage) => T) =>
  runInDurableObject(cardAt(key), (_, { storage }) => look(storage.sql));
/** As another release has left it: the object starts again from it. */
async function leftAs(key: CardKey, statement: string, ...values: readonly string[]): Promise<void> {
  await inStorage(key, (sql) => void sql.exec(statement, ...values));
  await abortAllDurableObjects();
}
const stored = (key: CardKey) =>
  inStorage(key, (sql) => {
    const has = (table: string) => sql.exec('select 1 from sqlite_master where name = ?', table).toArray().length > 0;
    const reach = (table: string) =>
      has(table) ? sql.exec(`select body from ${table} where part = 0`).one()['body'] : null;
    const sequenceIn = (text: unknown) => (text === null ? null : JSON.parse(String(text)).sequence);
    const log = cardLog(sql);
    log.keepFrom(new CardSnapshot(sql).read()?.rows_from ?? 0);
    return {
      snapshot: sequenceIn(reach('snapshot')),
      before: sequenceIn(reach('snapshot_before')),
      rows: Array.from(log.after(0, 10_000), ({ sequence }) => sequence),
    };
  });

/** A card of eleven events whose snapshot, up to the eleventh, is of the first version. */
async function cardOfTheFirstVersion(): Promise<CardKey> {
  const key = await newCard({ status: 'frozen' });
  await decideSome(key, 1, 10);
  const v2 = await inStorage(key, (sql) => JSON.parse(String(sql.exec('select body from snapshot').one()['body'])));
  const { currency: _, sums: __, asked: ___, authorizations: ____, ...same } = v2;
  const v1 = { ...same, version: 1, posted_minor: 0, uses: 0, authorizations: [] };
  await leftAs(key, 'update snapshot set body = ?', JSON.stringify(v1));
  return key;
}

describe('a new release', () => {
  test('sets the snapshot of the one before aside, with the rows after it, for a week', async () => {
    const key = await cardOfTheFirstVersion();
    await decideSome(key, 11, 20);
    expect(await stored(key)).toEqual({ snapshot: 21, before: 11, rows: upTo(21) });
    // The next one of its own leaves that one where it is.
    await decideSome(key, 21, 30);
    expect(await stored(key)).toMatchObject({ snapshot: 31, before: 11 });
    wait(limits.snapshotBeforeKeptMs);
    await decideSome(key, 31, 40);
    expect(await stored(key)).toMatchObject({ snapshot: 41, before: null });
  });

  test('removes no row that the one before would have to read, be it past its retention', async () => {
    const key = await cardOfTheFirstVersion();
    wait(limits.retentionMs + limits.trimDelayMs + dayMs);
    await decideSome(key, 11, 20);
    expect(await stored(key)).toEqual({ snapshot: 21, before: 11, rows: upTo(21).slice(11) });
    wait(limits.snapshotBeforeKeptMs - 1);
    await fireOnTime(key);
    expect(await stored(key)).toMatchObject({ before: 11 });
  });

  test('nor one that was past its retention before this release came; they go with that snapshot, and the alarm is set for then', async () => {
    const key = await cardOfTheFirstVersion();
    for (const one of [11, 12, 13]) await decide(key, one);
    wait(limits.retentionMs + limits.trimDelayMs + dayMs);
    await fireOnTime(key);
    expect(await stored(key)).toEqual({ snapshot: 14, before: 11, rows: [12, 13, 14] });
    const alarmMs = await runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());
    // A day sooner for what was trimmed now and lies there since the first day.
    expect(alarmMs).toBe(startMs + limits.retentionMs + 2 * limits.trimDelayMs);
    wait(limits.snapshotBeforeKeptMs);
    await fireOnTime(key);
    expect(await stored(key)).toEqual({ snapshot: 14, before: null, rows: [] });
  });

  test('keeps it for so many rows at most', async () => {
    Object.assign(limits, { snapshotBeforeRowsMax: 20 });
    const key = await cardOfTheFirstVersion();
    await decideSome(key, 11, 20);
    await decideSome(key, 21, 30);
    expect(await stored(key)).toMatchObject({ snapshot: 31, before: 11 });
    await decideSome(key, 31, 40);
    expect(await stored(key)).toMatchObject({ snapshot: 41, before: null });
  });
});

describe('rows that wait to be written over', () => {
  /** The release before knows nothing of them: its snapshots do not say from where rows are kept. */
  const asBefore = "update snapshot set body = json_remove(body, '$.rows_from')";

  test('are rows to the release before: it goes on, removes them by itself, and this one after it', async () => {
    const key = await newCard({ status: 'frozen' });
    await decideSome(key, 1, 10);
    wait(limits.retentionMs + limits.trimDelayMs + dayMs);
    await decideSome(key, 11, 20);
    expect(await stored(key)).toMatchObject({ snapshot: 21, rows: upTo(21).slice(11) });
    const before = await standing(key);
    await leftAs(key, asBefore);
    expect(await standing(key)).toEqual(before);
    // All but the first, whose being there would say to it that nothing was forgotten.
    expect((await stored(key)).rows).toEqual(upTo(21).slice(1));
    await decideSome(key, 21, 31);
    await leftAs(key, asBefore);
    await decideSome(key, 32, 42);
    expect(await stored(key)).toMatchObject({ snapshot: 43, rows: upTo(43).slice(11) });
    expect(await decide(key, 15)).toMatchObject({ outcome: 'decided' });
    expect(await standing(key)).toMatchObject({ last_sequence: 43 });
  });
});

describe('a release that is rolled back', () => {
  const newest = `update snapshot set body = '{"version":3,"sequence":21,"of":"tomorrow"}'`;

  test('leaves the card as it was: the one before goes on from its own snapshot and the rows after it', async () => {
    const key = await cardOfTheFirstVersion();
    await decideSome(key, 11, 20);
    const before = await standing(key);
    const answer = await decide(key, 15);
    await leftAs(key, newest);
    expect(await standing(key)).toEqual(before);
    expect(await decide(key, 15)).toEqual(answer);
    // And writes snapshots of its own again.
    await decideSome(key, 21, 30);
    expect(await stored(key)).toMatchObject({ snapshot: 31 });
    await abortAllDurableObjects();
    expect(await standing(key)).toMatchObject({ last_sequence: 31 });
  });

  test('too far: the card decides nothing on a past that it cannot read', async () => {
    const key = await newCard();
    await decideSome(key, 1, 10);
    await leftAs(key, newest);
    await expect(decide(key, 11)).rejects.toThrow(
      'a snapshot of version 3 is of a newer release of the card than this one',
    );
    await expect(Promise.resolve(cardAt(key).putProfile(profile({ version: 9 })))).rejects.toThrow('newer release');
  });

  test.each([
    ['of another kind', '{"kind":"grant","amount_minor":500}'],
    ['of another version', '{"kind":"profile","version":2}'],
  ])('after a row %s: it is not passed over', async (_, body) => {
    const key = await newCard();
    await decide(key, 1);
    await leftAs(key, 'insert into log (sequence, at_ms, published_sequence, body) values (3, 1, 2, ?)', body);
    await expect(decide(key, 2)).rejects.toThrow('event 3');
    await expect(Promise.resolve(cardAt(key).eventsAfter(0))).rejects.toThrow('event 3');
    // Its alarm stays pending for the release that can read it, and once that is deployed again the card goes on.
    expect(await runDurableObjectAlarm(cardAt(key))).toBe(true);
    expect(await runInDurableObject(cardAt(key), (_card, { storage }) => storage.getAlarm())).toBeGreaterThan(
      Date.now(),
    );
    await leftAs(key, 'delete from log where sequence = 3');
    expect(await decide(key, 2)).toMatchObject({ decision: { outcome: 'approved' } });
  });
});
