// A machine's clock that once runs far ahead, and then is right again (case T8): what the object does by itself, its alarm's
// work and its sending, neither forgets anything nor waits for the year after next.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { clearing, request } from '../../core/testing/samples.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { ask, cardAt, eventsOf, newCard, promiseAt, standing, upTo } from '../testing/sample-card.ts';

const dayMs = 86_400_000;
const jumpMs = 400 * dayMs;
const startMs = Date.UTC(2100, 2, 10, 12);

let logged: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
  logged = [];
  vi.spyOn(console, 'error').mockImplementation((line) => logged.push(JSON.parse(String(line)).event));
  hearEvents();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const alarmOf = (key: CardKey) => runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());

/** The platform's alarm service has a clock of its own: it fires the pending alarm for its instant. */
async function fire(key: CardKey): Promise<void> {
  await runInDurableObject(cardAt(key), async (card, { storage }) => {
    const scheduledTime = await storage.getAlarm();
    if (scheduledTime === null) throw new Error('no alarm is pending');
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime });
  });
}

/** Fires the alarms, each at its own instant, until one of upkeep is pending. */
async function rest(key: CardKey): Promise<void> {
  for (const _ of upTo(5)) {
    if (promiseAt(await alarmOf(key)) === 'upkeep') return;
    vi.setSystemTime(Math.max(Date.now(), Number(await alarmOf(key))));
    await fire(key);
  }
  throw new Error('the card never rests');
}

/** A card with one purchase held and one cleared, all sent. */
async function restingCard(): Promise<CardKey> {
  const key = await newCard({ funds_minor: 10_000 });
  for (const one of [1, 2]) await ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}` }));
  await cardAt(key).receive(clearing({ authorization_key: 'a1' }));
  await rest(key);
  return key;
}

describe('T8: a clock that jumps 400 days ahead once', () => {
  test('T8: an alarm handled by it drops no hold and no row, and says that it did not believe it', async () => {
    const key = await restingCard();
    const before = [await standing(key), await eventsOf(key)];
    const atMs = Number(await alarmOf(key)) - 2 * dayMs;
    await runInDurableObject(cardAt(key), (_, { storage }) => storage.setAlarm(atMs));
    await abortAllDurableObjects();
    vi.setSystemTime(atMs + jumpMs);
    await fire(key);
    vi.setSystemTime(atMs);
    expect([await standing(key), await eventsOf(key)]).toEqual(before);
    expect(logged).toContain('alarm_clock_not_believed');
  });

  test('T8: however often its alarm goes off meanwhile, and though events come: nothing is dropped', async () => {
    const key = await newCard({ funds_minor: 10_000 });
    await ask(cardAt(key), request());
    vi.setSystemTime(startMs + jumpMs);
    for (const one of upTo(4)) {
      await runDurableObjectAlarm(cardAt(key));
      await ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor: 1 }));
    }
    vi.setSystemTime(startMs + 3_600_000);
    await ask(cardAt(key), request({ request_key: 'later', authorization_key: 'later', amount_minor: 1 }));
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 505, open_authorizations: 6 });
    expect(logged).toContain('card_clock_followed_back');
    expect((await eventsOf(key)).at(-1)).toMatchObject({ at_ms: startMs + 3_600_000 });
    expect(Number(await alarmOf(key))).toBeLessThanOrEqual(Date.now() + limits.holdDays * dayMs + 60_000);
  });

  test('T8: the promise that is made by it is for an hour later, not for 400 days', async () => {
    const key = await restingCard();
    const upkeepMs = Number(await alarmOf(key));
    vi.setSystemTime(upkeepMs + jumpMs);
    await fire(key);
    expect(await alarmOf(key)).toBe(upkeepMs + 3_600_000);
    vi.setSystemTime(upkeepMs + 3_600_000);
    await fire(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0 });
  });

  test('an alarm that truly is days late is believed after a few looks', async () => {
    const key = await restingCard();
    vi.setSystemTime(Number(await alarmOf(key)) + 3 * dayMs);
    for (const _ of upTo(47)) await fire(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 500 });
    for (const _ of upTo(2)) await fire(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0 });
  });

  test('T8: an alarm to send that was set by it is brought forward by the next event, and by the next load', async () => {
    for (const leave of ['event', 'load'] as const) {
      const key = await newCard();
      await fire(key);
      await runInDurableObject(cardAt(key), (_, { storage }) => storage.setAlarm(Date.now() + jumpMs + 1));
      await evictDurableObject(cardAt(key));
      if (leave === 'event') await ask(cardAt(key), request());
      expect(Number(await alarmOf(key))).toBeLessThanOrEqual(Date.now() + limits.publishAlarmBusyMs + 1);
      expect(logged).toContain('alarm_brought_forward');
    }
  });

  test('T8: an upkeep alarm that was set by it is brought forward by the next load', async () => {
    const key = await restingCard();
    const farMs = Math.ceil((Date.now() + jumpMs) / 60_000) * 60_000;
    await runInDurableObject(cardAt(key), (_, { storage }) => storage.setAlarm(farMs));
    await evictDurableObject(cardAt(key));
    expect(promiseAt(await alarmOf(key))).toBe('upkeep');
    expect(Number(await alarmOf(key))).toBeLessThanOrEqual(Date.now() + 2 * 60_000);
    // All was sent, and still counts as sent.
    expect(await cardAt(key).read()).toMatchObject({ last_sequence: 4, published_sequence: 4 });
  });

  test('T8: a card that sent by it is not busy for 400 days', async () => {
    const key = await newCard();
    vi.setSystemTime(startMs + jumpMs);
    await runInDurableObject(cardAt(key), async (card, { storage }) => {
      await storage.deleteAlarm();
      await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: startMs });
    });
    vi.setSystemTime(startMs);
    await ask(cardAt(key), request());
    await rest(key);
    expect(promiseAt(await alarmOf(key))).toBe('upkeep');
  });

  test('an alarm that is hours late, as after an outage, is believed', async () => {
    const key = await newCard({ hold_days: 1 });
    await ask(cardAt(key), request());
    await rest(key);
    vi.setSystemTime(Number(await alarmOf(key)) + 20 * 3_600_000);
    await fire(key);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, open_authorizations: 0 });
    expect(logged).toEqual([]);
  });
});
