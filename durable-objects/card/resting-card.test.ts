// What an event of a resting card writes: its row, the same row once it is sent, and an alarm only where its hold lapses before the one pending.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toJsonText } from '../../contracts/json-text.ts';
import { limits } from '../../contracts/limits.ts';
import { profile, request } from '../../core/testing/samples.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { cardAt, newCardKey } from '../testing/sample-card.ts';
import type { CardObject } from './card-object.ts';

const startMs = Date.UTC(2100, 2, 10, 12) + 1;
const dayMs = 86_400_000;
let sent: number[][];
beforeEach(() => {
  sent = [];
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  hearEvents(({ events }) => sent.push(events.map(({ sequence }) => sequence)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const minute = (atMs: number) => Math.ceil(atMs / 60_000) * 60_000;
const authorize = (card: CardObject, key: string, lapsesMs: number) =>
  card.authorize(toJsonText(request({ request_key: key, authorization_key: key, hold_expires_at_ms: lapsesMs })));

test('an alarm is set in the commit of an event whose hold lapses before the one pending, and by no other', async () => {
  const key = newCardKey();
  const wakeAt = (atMs: number) => {
    vi.setSystemTime(atMs);
    return evictDurableObject(cardAt(key));
  };
  await runInDurableObject(cardAt(key), async (card: CardObject, { storage }) => {
    card.putProfile(profile());
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now() });
  });
  const alarmsSet: (number | Date)[] = [];
  const purchase = async (name: string, lapsesMs: number) => {
    await runInDurableObject(cardAt(key), async (card: CardObject, { storage }) => {
      const set = vi.spyOn(storage, 'setAlarm');
      authorize(card, name, lapsesMs);
      await vi.waitUntil(() => card.read().published_sequence === card.read().last_sequence, { interval: 5 });
      await storage.sync();
      alarmsSet.push(...set.mock.calls.map(([atMs]) => atMs));
    });
  };
  await wakeAt(startMs + limits.publishIntervalMs);
  await purchase('r1', startMs + 3 * dayMs);
  await wakeAt(startMs + dayMs);
  await purchase('r2', startMs + 4 * dayMs);
  expect(alarmsSet).toEqual([minute(startMs + 3 * dayMs)]);
  // Loaded again each time, it knew what was sent.
  expect(sent).toEqual([[1], [2], [3]]);
});

test('a hold that was given up moves no alarm, though the log still has it', async () => {
  const key = newCardKey();
  await runInDurableObject(cardAt(key), async (card: CardObject, { storage }) => {
    card.putProfile(profile());
    authorize(card, 'r1', startMs + dayMs);
    card.void('r1');
    authorize(card, 'r2', startMs + 5 * dayMs);
    await storage.setAlarm(minute(startMs + 5 * dayMs));
  });
  vi.setSystemTime(startMs + 2 * dayMs);
  await evictDurableObject(cardAt(key));
  await runInDurableObject(cardAt(key), (card: CardObject, { storage }) => {
    const set = vi.spyOn(storage, 'setAlarm');
    authorize(card, 'r3', startMs + 6 * dayMs);
    expect(set.mock.calls).toEqual([]);
  });
});
