// Tokens that never had a profile: what moved money on them is kept for the retention, and then the object leaves nothing behind.
// And money that is older than what a card remembers.

import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { advice, clearing, expiry, profile, refund, request, reversal } from '../../core/testing/samples.ts';
import { ask, cardAt, eventsOf, newCard, newCardKey } from '../testing/sample-card.ts';

const dayMs = 86_400_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 2, 4, 12) }));
afterEach(() => void vi.useRealTimers());

const wait = (days: number) => void vi.setSystemTime(Date.now() + days * dayMs);
const fireOnTime = (key: CardKey) =>
  runInDurableObject(cardAt(key), async (card, { storage }) => {
    await storage.deleteAlarm();
    await card.alarm({ isRetry: false, retryCount: 0, scheduledTime: Date.now() });
    return await storage.getAlarm();
  });

/** As the platform does: each alarm when it is due, until `days` have passed. */
async function live(key: CardKey, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    wait(1);
    await fireOnTime(key);
  }
}

/** The tables of the object's storage: none where nothing is kept. Cloudflare's own, of alarms, is not counted. */
function storedIn(key: CardKey): Promise<string[]> {
  return runInDurableObject(cardAt(key), (_, { storage: { sql } }) =>
    sql
      .exec("select name from sqlite_master where type = 'table'")
      .toArray()
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith('_cf_')),
  );
}

const forcePost = (message_key: string) => clearing({ message_key, authorization_key: null, amount_minor: 250 });

test('X8: an object without a profile deletes itself after the retention: no row, no alarm', async () => {
  const key = newCardKey();
  await cardAt(key).receive(forcePost('m1'));
  expect(await storedIn(key)).toEqual(['log']);
  await live(key, 34);
  expect(await eventsOf(key)).toHaveLength(1);
  await live(key, 12);
  expect(await storedIn(key)).toEqual([]);
  expect(await runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm())).toBeNull();
  expect(await cardAt(key).read()).toMatchObject({ posted_minor: 0, last_sequence: 0 });
});

test('X8: deleted by an alarm that the platform tried again, it leaves none, and what comes next gets one of its own', async () => {
  const key = newCardKey();
  const alarmOf = () => runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());
  await cardAt(key).receive(forcePost('m1'));
  await fireOnTime(key);
  wait(46);
  const retry = { isRetry: true, retryCount: 1, scheduledTime: Date.now() };
  await runInDurableObject(cardAt(key), (card) => card.alarm(retry));
  expect(await storedIn(key)).toEqual([]);
  expect(await alarmOf()).toBeNull();
  await cardAt(key).receive(forcePost('m2'));
  expect(await alarmOf()).not.toBeNull();
});

test('X8: it does not go while it holds something, or while something has come meanwhile', async () => {
  const key = newCardKey();
  await cardAt(key).receive(advice({ message_key: 'm1', hold_minor: 400 }));
  await live(key, 20);
  await cardAt(key).receive(forcePost('m2'));
  await live(key, 25);
  expect(await storedIn(key)).toContain('log');
  expect(await cardAt(key).read()).toMatchObject({ posted_minor: 250 });
  await live(key, 25);
  expect(await storedIn(key)).toEqual([]);
});

test('X8: it can be a card after that, which goes on after the events that the origin has', async () => {
  const key = newCardKey();
  await cardAt(key).receive(forcePost('m1'));
  await cardAt(key).receive(forcePost('m2'));
  await live(key, 46);
  expect(await storedIn(key)).toEqual([]);
  await cardAt(key).putProfile(profile(), { after: 2 });
  await cardAt(key).receive(forcePost('m3'));
  expect(await eventsOf(key)).toMatchObject([
    { sequence: 3, kind: 'profile' },
    { sequence: 4, kind: 'message' },
  ]);
  // What a card has counted is its own: the number is taken only where nothing has been counted yet.
  await cardAt(key).putProfile(profile({ version: 2 }), { after: 100 });
  expect(await cardAt(key).read()).toMatchObject({ last_sequence: 5 });
});

test('X8: a card with a profile stays, however long nothing happens', async () => {
  const key = await newCard();
  await live(key, 80);
  expect(await cardAt(key).read()).toMatchObject({ profile: profile(), last_sequence: 1 });
});

test('X11: a refund that comes again on day 43, 80 or 120 is not booked a second time: nobody can say whether it had come', async () => {
  const key = await newCard();
  const sent = refund({ message_key: 'm1', amount_minor: 40_000, occurred_at_ms: Date.now() });
  expect(await cardAt(key).receiveIfCertain(sent)).toMatchObject({ outcome: 'stored' });
  await live(key, 20);
  expect(await cardAt(key).receiveIfCertain(sent)).toMatchObject({ outcome: 'repeated' });
  // What the card has seen is forgotten with its row, a week after the retention at most.
  for (const days of [23, 37, 40]) {
    await live(key, days);
    expect(await cardAt(key).receiveIfCertain(sent)).toEqual({ outcome: 'older_than_memory' });
  }
  expect(await cardAt(key).read()).toMatchObject({ posted_minor: -40_000 });
  // A person may say that it is to be booked.
  expect(await cardAt(key).receive(sent)).toMatchObject({ outcome: 'stored' });
});

test('X11: what is stamped within the memory is booked, and on a card that has forgotten nothing any stamp is', async () => {
  const [old, young] = [await newCard(), newCardKey()];
  await live(old, 60);
  const { retentionMs } = limits;
  const stamped = (agoMs: number) =>
    clearing({ message_key: `m${agoMs}`, authorization_key: null, occurred_at_ms: Date.now() - agoMs });
  expect(await cardAt(old).receiveIfCertain(stamped(retentionMs))).toMatchObject({ outcome: 'stored' });
  expect(await cardAt(old).receiveIfCertain(stamped(retentionMs + 1))).toEqual({ outcome: 'older_than_memory' });
  await cardAt(young).putProfile(profile());
  expect(await cardAt(young).receiveIfCertain(stamped(200 * dayMs))).toMatchObject({ outcome: 'stored' });
});

test('X8: an unknown card declines, a repeat alike, and nothing of it is kept', async () => {
  const key = newCardKey();
  expect(await ask(cardAt(key), request())).toMatchObject({
    outcome: 'decided',
    decision: { outcome: 'declined', reason: 'card_unknown', approved_minor: 0 },
  });
  const first = await ask(cardAt(key), request());
  expect(await storedIn(key)).toEqual([]);
  // The profile comes; the same request was told no, and is told so again.
  await cardAt(key).putProfile(profile());
  expect(await ask(cardAt(key), request())).toEqual(first);
  expect(await ask(cardAt(key), request({ request_key: 'r2' }))).toMatchObject({ decision: { outcome: 'approved' } });
});

test('X8: what moves no money leaves nothing on an unknown card: requests, voids, releases of what nobody holds', async () => {
  const key = newCardKey();
  await ask(cardAt(key), request());
  await cardAt(key).void('r1');
  for (const message of [reversal({ message_key: 'm1' }), expiry({ message_key: 'm2' })])
    expect(await cardAt(key).receiveIfCertain(message)).toEqual({ outcome: 'nothing_to_release' });
  expect(await storedIn(key)).toEqual([]);
  // Its void stands: a request that comes after it is declined, with a profile too.
  await cardAt(key).putProfile(profile());
  expect(await ask(cardAt(key), request({ request_key: 'r1' }))).toMatchObject({
    decision: { outcome: 'declined', reason: 'request_voided' },
  });
});

test('X8: what moves money is kept: a clearing on an unknown card, and the reversal of an advice', async () => {
  const key = newCardKey();
  await cardAt(key).receive(clearing({ message_key: 'm1', authorization_key: null, amount_minor: 250 }));
  await cardAt(key).receive(advice({ message_key: 'm2', hold_minor: 400 }));
  await cardAt(key).receive(reversal({ message_key: 'm3', amount_minor: null }));
  expect(await eventsOf(key)).toMatchObject([{ kind: 'message' }, { kind: 'message' }, { kind: 'message' }]);
  expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, posted_minor: 250 });
});

test('X8: a card without a profile vouches for no message, but for one that it has', async () => {
  const key = newCardKey();
  const cleared = clearing({ message_key: 'm1', authorization_key: null });
  expect(await cardAt(key).receiveIfCertain(cleared)).toEqual({ outcome: 'card_unknown' });
  expect(await storedIn(key)).toEqual([]);
  await cardAt(key).receive(cleared);
  expect(await cardAt(key).receiveIfCertain(cleared)).toMatchObject({ outcome: 'repeated' });
  await cardAt(key).putProfile(profile());
  expect(await cardAt(key).receiveIfCertain(clearing({ message_key: 'm2' }))).toMatchObject({ outcome: 'stored' });
});
