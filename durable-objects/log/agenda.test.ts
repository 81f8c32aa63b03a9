// One alarm, two promises: an instant says which, and a promise of upkeep found pending proves that all was sent.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CardEventsMessage } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { request } from '../../core/testing/samples.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { ask, cardAt, newCard, newCardKey, promiseAt, sequencesOf, upTo } from '../testing/sample-card.ts';
import { Agenda } from './agenda.ts';

const minuteMs = 60_000;
const farMs = Date.UTC(2100, 0, 1);

const alarmOf = (key: CardKey) => runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());
const promiseOf = async (key: CardKey) => promiseAt(await alarmOf(key));
const runAlarm = (key: CardKey) => runDurableObjectAlarm(cardAt(key));
/** What a fresh agenda over the same storage makes of the alarm that this one leaves. */
function foundAfter(make: (agenda: Agenda) => void) {
  return runInDurableObject(cardAt(newCardKey()), async (_, { storage }) => {
    make(new Agenda(storage));
    const found = new Agenda(storage);
    await found.restore();
    return { pending: found.pending, alarmMs: await storage.getAlarm() };
  });
}

describe('agenda', () => {
  test('any instant: what was promised is what a restart finds, and never earlier nor much later than asked', async () => {
    const instant = fc.oneof(
      fc.integer({ min: 0, max: 10_000_000 }).map((ms) => farMs + ms),
      fc.integer({ min: 0, max: 1_000 }).map((minutes) => farMs + minutes * minuteMs),
    );
    await fc.assert(
      fc.asyncProperty(instant, async (atMs) => {
        const sending = await foundAfter((agenda) => agenda.promiseSending(atMs));
        expect(sending.pending).toBe('sending');
        expect(Number(sending.alarmMs) - atMs).toBeLessThanOrEqual(1);
        const upkeep = await foundAfter((agenda) => agenda.promiseUpkeep(atMs));
        expect(upkeep.pending).toBe('upkeep');
        expect(Number(upkeep.alarmMs)).toBeGreaterThanOrEqual(atMs);
        expect(Number(upkeep.alarmMs) - atMs).toBeLessThan(minuteMs);
      }),
      { numRuns: 40 },
    );
  });

  test('without an alarm nothing is found', async () => {
    expect(await foundAfter(() => undefined)).toEqual({ pending: null, alarmMs: null });
  });
});

describe('the alarm', () => {
  let taken: CardEventsMessage[];
  beforeEach(() => {
    taken = [];
    hearEvents((message) => taken.push(message));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const takenOf = (key: CardKey) =>
    sequencesOf(taken.filter(({ card_key }) => card_key === key).flatMap(({ events }) => events));

  /** As the platform wakes an object that is gone: the alarm is taken from the storage before the object is made. */
  async function wakeBy(key: CardKey, scheduledTime: number): Promise<void> {
    await runInDurableObject(cardAt(key), (_, { storage }) => storage.deleteAlarm());
    await evictDurableObject(cardAt(key));
    await runInDurableObject(cardAt(key), (card) => card.alarm({ isRetry: false, retryCount: 0, scheduledTime }));
  }

  test('of upkeep wakes an object: nothing is sent twice', async () => {
    const key = await newCard();
    await runAlarm(key);
    await wakeBy(key, Number(await alarmOf(key)));
    expect(takenOf(key)).toEqual([1]);
  });

  test('to send wakes an object: what the newest row does not know to be sent is sent, and then it knows', async () => {
    const key = await newCard();
    await runAlarm(key);
    // As of a release that did not write it there.
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) =>
      sql.exec('update log set published_sequence = 0'),
    );
    for (const _ of [1, 2]) await wakeBy(key, Number(await alarmOf(key)) + 1);
    expect(takenOf(key)).toEqual([1, 1]);
  });

  test('the platform says for which instant an alarm was set', async () => {
    const key = await newCard();
    // What it does with its first event is done, and sets no alarm any more.
    await runAlarm(key);
    const atMs = await runInDurableObject(cardAt(key), async (card, { storage }) => {
      const heard = new Promise<number>((resolve) => {
        vi.spyOn(card, 'alarm').mockImplementation((info) => Promise.resolve(resolve(Number(info?.scheduledTime))));
      });
      const setFor = Date.now() + 50;
      await storage.setAlarm(setFor);
      return (await heard) - setFor;
    });
    expect(atMs).toBe(0);
  });

  test('a card in use keeps its promise to send, and gets one of upkeep when it rests', async () => {
    const key = await newCard();
    vi.useFakeTimers({ toFake: ['Date'] });
    await runAlarm(key);
    await ask(cardAt(key), request());
    await runAlarm(key);
    expect(await promiseOf(key)).toBe('sending');
    vi.setSystemTime(Date.now() + limits.publishAlarmBusyMs);
    await runAlarm(key);
    expect(await promiseOf(key)).toBe('upkeep');
  });

  test('costs a busy card one write each time it goes off, and no event any other', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const key = await newCard();
    await runAlarm(key);
    await ask(cardAt(key), request());
    const set = await runInDurableObject(cardAt(key), (_, { storage }) => vi.spyOn(storage, 'setAlarm'));
    for (const round of upTo(5)) {
      for (const one of upTo(3)) await ask(cardAt(key), request({ request_key: `r${round}-${one}` }));
      await runAlarm(key);
      expect(set).toHaveBeenCalledTimes(round);
    }
  });

  test('when upkeep fails again and again, an alarm stays pending', async () => {
    const key = await newCard({ hold_days: 1 });
    await ask(cardAt(key), request());
    await runAlarm(key);
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) => {
      sql.exec("create trigger full before insert on log begin select raise(abort, 'disk is full'); end");
    });
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 2 * 86_400_000);
    const retry = { isRetry: true, retryCount: 1, scheduledTime: Date.now() };
    await runInDurableObject(cardAt(key), (card, { storage }) =>
      storage.deleteAlarm().then(() => card.alarm(retry)),
    ).catch(() => undefined);
    expect(await promiseOf(key)).toBe('sending');
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) => sql.exec('drop trigger full').toArray());
    await abortAllDurableObjects();
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, last_sequence: 3, published_sequence: 3 });
  });
});
