// Holds that nobody clears: dropped by the object's alarm in their time, whoever calls the card or does not.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { limitPerDay, request } from '../../core/testing/samples.ts';
import { queuesAway } from '../testing/event-queues.ts';
import { ask, cardAt, eventsOf, newCard, promiseAt } from '../testing/sample-card.ts';

const dayMs = 86_400_000;
/** Ahead of the machine's clock, so that no alarm runs but when a test says so. */
const startMs = Date.UTC(2100, 2, 10, 12);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
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

/** Runs the alarm as often as a card in use needs it, until it is one of upkeep. */
async function restUntilUpkeep(key: CardKey): Promise<void> {
  await runAlarm(key);
  wait(limits.publishAlarmBusyMs);
  if ((await promiseOf(key)) === 'sending') await runAlarm(key);
  expect(await promiseOf(key)).toBe('upkeep');
}

describe('holds', () => {
  test('lapse by the alarm, on a card that nobody calls again', async () => {
    const key = await newCard({ funds_minor: 1_000, controls: [limitPerDay(1_000)] });
    await authorize(key, 1);
    await restUntilUpkeep(key);
    const alarmMs = Number(await alarmOf(key));
    expect(alarmMs - startMs).toBeGreaterThanOrEqual(limits.holdDays * dayMs);
    expect(alarmMs - startMs).toBeLessThanOrEqual(limits.holdDays * dayMs + 60_000);
    vi.setSystemTime(alarmMs);
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, available_minor: 1_000, published_sequence: 3 });
    expect((await eventsOf(key)).at(-1)).toMatchObject({
      kind: 'expiry',
      authorization_key: 'a1',
      effect: { hold_minor: -100, posted_minor: 0 },
    });
  });

  test.each([
    ['evicted', (key: CardKey) => evictDurableObject(cardAt(key))],
    ['aborted', () => abortAllDurableObjects()],
  ])('lapse by the alarm of an object that was %s meanwhile, each in its time', async (_, leave) => {
    const key = await newCard({ hold_days: 1 });
    await authorize(key, 1);
    wait(dayMs / 2);
    await authorize(key, 2);
    await restUntilUpkeep(key);
    for (const left of [100, 0]) {
      await leave(key);
      vi.setSystemTime(Number(await alarmOf(key)));
      await runAlarm(key);
      expect(await cardAt(key).read()).toMatchObject({ held_minor: left });
      await restUntilUpkeep(key);
    }
  });

  test('lapse within a minute of their time on a card that is in use all the while', async () => {
    const key = await newCard({ hold_days: 1 });
    await authorize(key, 'first');
    await restUntilUpkeep(key);
    vi.setSystemTime(startMs + dayMs - 30_000);
    await authorize(key, 'second');
    await runAlarm(key);
    expect(await promiseOf(key)).toBe('upkeep');
    wait(1_000);
    await authorize(key, 'third');
    // Whatever it promised, it comes no later for that.
    vi.setSystemTime(Number(await alarmOf(key)));
    expect(Date.now() - startMs - dayMs).toBeLessThan(60_000);
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 200, open_authorizations: 2 });
  });

  test('that a network lets stand for ever lapse after the longest that is believed', async () => {
    const key = await newCard();
    const startMs = Date.now();
    await authorize(key, 1, { hold_expires_at_ms: Number.MAX_SAFE_INTEGER });
    await restUntilUpkeep(key);
    const lapsesMs = Number(await alarmOf(key));
    expect(lapsesMs - startMs - limits.holdDaysMax * dayMs).toBeLessThan(60_000);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 100 });
    vi.setSystemTime(lapsesMs);
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0 });
  });

  test('whose expiry could not be sent are given back all the same, and sent when the queue is back', async () => {
    const key = await newCard({ hold_days: 1 });
    await authorize(key, 1);
    await restUntilUpkeep(key);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const areBack = queuesAway();
    vi.setSystemTime(Number(await alarmOf(key)));
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, last_sequence: 3, published_sequence: 2 });
    expect(await promiseOf(key)).toBe('sending');
    areBack();
    await runAlarm(key);
    expect(await cardAt(key).read()).toMatchObject({ published_sequence: 3 });
  });
});
