// A card's object branch by branch: what it vouches for, gives up, counts and says of itself, and what its alarm does. The clock stands
// unless a test moves it, far ahead of the machine's, so that no alarm runs by itself.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fromJsonText, toJsonText } from '../../contracts/json-text.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { advice, clearing, expiry, profile, refund, request, reversal } from '../../core/testing/samples.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { cardAt, newCardKey, promiseAt } from '../testing/sample-card.ts';
import type { AuthorizeAnswer, CardObject } from './card-object.ts';

const startMs = Date.UTC(2100, 2, 10, 12) + 1;
const dayMs = 86_400_000;
let logged: { event: string }[];
let taken: number[][];
let isAway: boolean;
beforeEach(() => {
  [logged, taken, isAway] = [[], [], false];
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(JSON.parse(String(line))));
  hearEvents(({ events }) => {
    if (isAway) throw new Error('the queue is away');
    taken.push(events.map(({ sequence }) => sequence));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const within = <T>(key: CardKey, use: (card: CardObject, storage: DurableObjectStorage) => T | Promise<T>) =>
  runInDurableObject(cardAt(key), (card: CardObject, { storage }) => use(card, storage));
const authorize = (card: CardObject, one: Parameters<typeof request>[0] = {}) =>
  fromJsonText<AuthorizeAnswer>(card.authorize(toJsonText(request(one))));
const alarmOf = async (storage: DurableObjectStorage) => {
  const atMs = await storage.getAlarm();
  return atMs === null ? null : { for: promiseAt(atMs), inMs: atMs - Date.now() };
};
/** As the platform does: the alarm is gone from the storage when its handler runs. */
async function fire(card: CardObject, storage: DurableObjectStorage, more: Partial<AlarmInvocationInfo> = {}) {
  await storage.deleteAlarm();
  await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now(), ...more });
  return alarmOf(storage);
}
/** Neither the timer nor the alarm behind it is to be waited for. */
const publishedBy = async (card: CardObject, storage: DurableObjectStorage) => {
  await fire(card, storage);
  return card.read().published_sequence;
};

describe('a message that the card is asked to vouch for', () => {
  test('is recorded by a card with a profile, and told again it is a repeat', async () => {
    await within(newCardKey(), (card) => {
      card.putProfile(profile());
      for (const outcome of ['stored', 'repeated'])
        expect(card.receiveIfCertain(clearing({ occurred_at_ms: 1 }))).toMatchObject({ outcome });
      expect(card.receiveIfCertain(reversal({ message_key: 'm2' }))).toMatchObject({ outcome: 'stored' });
      expect(card.read()).toMatchObject({ last_sequence: 3, posted_minor: 500 });
    });
  });

  test('is not recorded by one without a profile, but for what it has recorded before', async () => {
    await within(newCardKey(), (card) => {
      expect(card.receiveIfCertain(clearing())).toEqual({ outcome: 'card_unknown' });
      expect(card.receiveIfCertain(reversal())).toEqual({ outcome: 'nothing_to_release' });
      expect(card.read()).toMatchObject({ last_sequence: 0 });
      card.receive(advice({ message_key: 'm1' }));
      expect(card.receiveIfCertain(advice({ message_key: 'm1' }))).toMatchObject({ outcome: 'repeated' });
      expect(card.receiveIfCertain(reversal({ message_key: 'm2' }))).toEqual({ outcome: 'card_unknown' });
      expect(card.read()).toMatchObject({ last_sequence: 1 });
    });
  });

  test('of money is not recorded where it is older than what the card remembers, to the millisecond', async () => {
    await within(newCardKey(), (card, storage) => {
      card.putProfile(profile());
      card.receive(advice({ message_key: 'm0' }));
      const atMs = startMs - limits.retentionMs;
      let messages = 0;
      const told = (
        make: typeof clearing | typeof refund | typeof reversal | typeof expiry,
        occurred_at_ms?: number,
      ) => {
        const stamp = occurred_at_ms === undefined ? {} : { occurred_at_ms };
        return card.receiveIfCertain(make({ message_key: `m${++messages}`, ...stamp })).outcome;
      };
      // With its first event it knows every key that ever came.
      for (const make of [clearing, refund]) expect(told(make, atMs - 1)).toBe('stored');
      storage.sql.exec('delete from log where sequence = 1');
      for (const make of [clearing, refund]) {
        expect(told(make, atMs - 1)).toBe('older_than_memory');
        expect(told(make, atMs)).toBe('stored');
        expect(told(make)).toBe('stored');
      }
      for (const make of [reversal, expiry]) expect(told(make, 1)).toBe('stored');
      storage.sql.exec('delete from log');
      expect(told(clearing, atMs - 1)).toBe('older_than_memory');
    });
  });
});

describe('giving up a request', () => {
  test('is recorded once, and where it is only for the first time, not after an answer in its place', async () => {
    await within(newCardKey(), (card) => {
      card.putProfile(profile());
      expect(card.void('r1', { onlyFirst: true })).toEqual({ outcome: 'stored' });
      expect(card.void('r1')).toEqual({ outcome: 'repeated' });
      card.receive(advice({ request_key: 'r1', decided_by: 'edge' }));
      expect(card.void('r1', { onlyFirst: true })).toEqual({ outcome: 'repeated' });
      expect(card.read()).toMatchObject({ held_minor: 500, last_sequence: 3 });
      expect(card.void('r1')).toEqual({ outcome: 'stored' });
      expect(card.read()).toMatchObject({ held_minor: 0, last_sequence: 4 });
    });
  });

  test('that a card without a profile declined records nothing', async () => {
    await within(newCardKey(), (card) => {
      const first = authorize(card, { request_key: 'r1' });
      expect(first).toMatchObject({ decision: { reason: 'card_unknown' } });
      expect(authorize(card, { request_key: 'r1' })).toEqual(first);
      expect(card.void('r1')).toEqual({ outcome: 'stored' });
      expect(card.read()).toMatchObject({ last_sequence: 0 });
    });
  });
});

test('a card without events goes on after those that the origin has; one with events counts on from its own', async () => {
  await within(newCardKey(), async (card, storage) => {
    expect(card.putProfile(profile(), { after: 1 })).toMatchObject({ outcome: 'stored' });
    expect(card.read()).toMatchObject({ last_sequence: 2, published_sequence: 1 });
    expect(card.putProfile(profile({ version: 2 }), { after: 9 })).toMatchObject({ outcome: 'stored' });
    expect(card.eventsAfter(0)).toMatchObject({ first_sequence: 2, last_sequence: 3 });
    expect(await publishedBy(card, storage)).toBe(3);
    expect(taken.flat()).toEqual([2, 3]);
  });
  await within(newCardKey(), (card) => {
    expect(card.eventsAfter(0)).toEqual({ events: [], first_sequence: 1, last_sequence: 0 });
    card.putProfile(profile());
    expect(card.eventsAfter(0)).toMatchObject({ first_sequence: 1, last_sequence: 1, events: [{ sequence: 1 }] });
  });
});

test('what a card says of itself: open authorizations down to one unit, and calls since the load', async () => {
  const key = newCardKey();
  await within(key, (card) => {
    expect(card.read()).toMatchObject({ open_authorizations: 0, requests_since_load: 0, loaded_at_ms: startMs });
    card.putProfile(profile({ funds_minor: 100 }));
    for (const one of ['a', 'b', 'c']) authorize(card, { request_key: one, authorization_key: one, amount_minor: 1 });
    card.receive(clearing({ authorization_key: 'c', amount_minor: 1 }));
    expect(card.read()).toMatchObject({ open_authorizations: 2, held_minor: 2, available_minor: 97 });
    expect(card.read()).toMatchObject({ requests_since_load: 5 });
  });
  await abortAllDurableObjects();
  vi.setSystemTime(startMs + 5);
  await within(key, (card) =>
    expect(card.read()).toMatchObject({ open_authorizations: 2, requests_since_load: 0, loaded_at_ms: startMs + 5 }),
  );
});

describe('an alarm', () => {
  test('sends what is unsent, and stands for upkeep once the card is quiet', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      authorize(card);
      expect(await alarmOf(storage)).toEqual({ for: 'sending', inMs: limits.publishAlarmMs });
      const next = await fire(card, storage);
      expect(taken).toEqual([[1, 2]]);
      expect(next?.for).toBe('upkeep');
      // A busy card keeps its promise to send: it will need it with the next event.
      authorize(card, { request_key: 'r2' });
      const busy = await fire(card, storage);
      expect(busy?.for).toBe('sending');
      expect(busy?.inMs).toBeLessThanOrEqual(limits.publishAlarmBusyMs);
      vi.setSystemTime(startMs + limits.publishIntervalMs);
      expect((await fire(card, storage))?.for).toBe('upkeep');
      expect(taken).toEqual([[1, 2], [3]]);
    });
  });

  test('of a busy card is no later than its next hold that lapses', () =>
    within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      await fire(card, storage);
      authorize(card, { hold_expires_at_ms: startMs + 600_000 });
      expect((await fire(card, storage))?.for).toBe('upkeep');
    }));

  test('that finds the queue away leaves a promise to send, and drops what is due all the same', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      authorize(card, { hold_expires_at_ms: startMs + 5 });
      isAway = true;
      vi.setSystemTime(startMs + 5);
      // Asked once: what upkeep has recorded waits for the same alarm, which comes as soon as after one refusal.
      expect(await fire(card, storage)).toEqual({ for: 'sending', inMs: limits.publishRetryMsMin });
      expect(logged.map(({ event }) => event)).toEqual(['card_events_not_published']);
      expect(card.read()).toMatchObject({ held_minor: 0, last_sequence: 3, published_sequence: 0 });
      isAway = false;
      await fire(card, storage);
      expect(taken).toEqual([[1, 2, 3]]);
    });
  });

  test('sends what upkeep has recorded as well', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      authorize(card, { hold_expires_at_ms: startMs + 5 });
      vi.setSystemTime(startMs + 5);
      await fire(card, storage);
      expect([taken, card.read().held_minor]).toEqual([[[1, 2], [3]], 0]);
    });
  });

  test('that is tried again has a later one behind it, before anything else is done', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      const set = vi.spyOn(storage, 'setAlarm');
      let sentBeforeDurable: number | null = null;
      vi.spyOn(storage, 'sync').mockImplementation(async () => {
        await Promise.resolve();
        sentBeforeDurable = taken.length;
      });
      await fire(card, storage, { isRetry: true, retryCount: 1 });
      expect(set.mock.calls[0]?.[0]).toBe(startMs + limits.publishRetryMsMax);
      expect([sentBeforeDurable, taken]).toEqual([0, [[1]]]);
      set.mockClear();
      vi.setSystemTime(startMs + limits.publishIntervalMs);
      await fire(card, storage);
      expect(set.mock.calls.map(([atMs]) => promiseAt(Number(atMs)))).toEqual(['upkeep']);
    });
  });

  test('whose instant is days behind the clock drops nothing, and looks again', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.putProfile(profile());
      authorize(card);
      vi.setSystemTime(startMs + 400 * dayMs);
      const next = await fire(card, storage, { scheduledTime: startMs });
      expect([card.read().held_minor, taken]).toEqual([500, [[1, 2]]]);
      expect(next).toMatchObject({ for: 'upkeep' });
      expect(logged.map(({ event }) => event)).toEqual(['alarm_clock_not_believed']);
    });
  });

  test('of either kind sends after a load what the newest row does not know to be sent, and nothing where it does', async () => {
    for (const scheduledTime of [startMs - 1, startMs])
      for (const rested of [true, false]) {
        const key = newCardKey();
        taken = [];
        await within(key, async (card, storage) => {
          card.putProfile(profile());
          authorize(card);
          if (rested) await fire(card, storage);
          await storage.deleteAlarm();
        });
        await abortAllDurableObjects();
        await within(key, async (card) => {
          await card.alarm({ isRetry: false, retryCount: 0, scheduledTime });
          expect(taken).toEqual([[1, 2]]);
          expect(card.read()).toMatchObject({ last_sequence: 2, published_sequence: 2 });
        });
      }
  });

  test('takes all of a card that nobody knows, when its time is over and not before', async () => {
    await within(newCardKey(), async (card, storage) => {
      card.receive(clearing({ authorization_key: null }));
      await fire(card, storage);
      const lastMs = startMs + limits.retentionMs + limits.trimDelayMs;
      vi.setSystemTime(lastMs);
      isAway = true;
      card.receive(clearing({ authorization_key: null, message_key: 'm2', amount_minor: 1 }));
      vi.setSystemTime(lastMs + limits.retentionMs + limits.trimDelayMs + 1);
      await fire(card, storage);
      expect(card.read()).toMatchObject({ posted_minor: 501, last_sequence: 2 });
      isAway = false;
      expect(await fire(card, storage)).toBeNull();
      expect(card.read()).toMatchObject({ posted_minor: 0, last_sequence: 0, published_sequence: 0 });
      const tables = storage.sql.exec("select name from sqlite_master where name in ('log', 'snapshot')").toArray();
      expect(tables).toEqual([]);
      card.putProfile(profile());
      expect(await publishedBy(card, storage)).toBe(1);
      expect(taken.flat()).toEqual([1, 2, 1]);
    });
  });
});

test('a clock that has jumped back is followed, and that is said once', async () => {
  await within(newCardKey(), (card) => {
    card.putProfile(profile());
    authorize(card);
    vi.setSystemTime(startMs - 3 * dayMs);
    authorize(card, { request_key: 'r2' });
    authorize(card, { request_key: 'r3' });
    expect(logged.map(({ event }) => event)).toEqual(['card_clock_followed_back']);
  });
});
