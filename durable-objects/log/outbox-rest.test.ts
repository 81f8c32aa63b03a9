// When a card rests and when it is busy: what its outbox sends at once, what waits for the next message, what is written once all was sent.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { away, loaded, startMs, waiting } from '../testing/sample-loaded-outbox.ts';

/** On a whole minute, as upkeep alarms are. */
const upkeepMs = startMs + 5 * 3_600_000 - 1;
const { eventsPerMessageMax } = limits;
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(limits, { eventsPerMessageMax });
});

describe('a card at rest', () => {
  test('tells the newest row that all was sent, once, and only where the card rests with nothing unsent', async () => {
    const { card, outbox, record } = await loaded({ rows: [1, 2], published: 1 });
    outbox.rest();
    expect(card.noted).toEqual([]);
    await outbox.publish();
    outbox.rest();
    expect([card.messages, card.noted]).toEqual([[[2]], [2]]);
    // Right after a message the card is busy: the next row will say it.
    record(3);
    await outbox.publish();
    expect([card.messages, card.noted]).toEqual([[[2], [3]], [2]]);
    outbox.rest();
    outbox.rest();
    expect(card.noted).toEqual([2, 3]);
    card.nowMs += limits.publishIntervalMs;
    record(4);
    card.send = away;
    await outbox.publish();
    expect(card.noted).toEqual([2, 3]);
  });

  test('of a row that knows that all was sent: nothing is written for it again', async () => {
    const { card, outbox } = await loaded({ rows: [1, 2], published: 2 });
    outbox.rest();
    await outbox.publish();
    expect([card.messages, card.noted]).toEqual([[], []]);
  });

  test('sets no alarm where upkeep has one pending, which loads the object as well; a busy card sets one of its own', async () => {
    const { card, outbox, record } = await loaded({ alarmAtMs: upkeepMs });
    record(1);
    expect([waiting(card.timers), card.alarms]).toEqual([[limits.publishDelayMs], []]);
    await outbox.publish();
    card.nowMs += 1_000;
    record(2);
    expect(card.timers.at(-1)?.delayMs).toBe(limits.publishIntervalMs - 1_000);
    expect(card.alarms).toHaveLength(1);
  });

  test('is sent when its rows are durable, and with what came until then', async () => {
    const { card, outbox, record } = await loaded();
    let durable: (() => void) | undefined;
    card.untilDurable = () => new Promise<void>((resolve) => (durable = resolve));
    record(1);
    const sent = outbox.publish();
    record(2);
    await Promise.resolve();
    expect(card.messages).toEqual([]);
    durable?.();
    await sent;
    expect(card.messages).toEqual([[1, 2]]);
  });
});

describe('a busy card', () => {
  /** Events, `everyMs` from one to the next, and timers that go off when they should. */
  async function inUse(everyMs: number, forMs: number) {
    const { card, outbox, record } = await loaded({ alarmAtMs: upkeepMs });
    card.upkeepAtMs = upkeepMs;
    for (let [sequence, atMs] = [1, startMs]; atMs < startMs + forMs; atMs += everyMs) {
      const due = card.timers.findLast(({ isStopped }) => !isStopped);
      if (due !== undefined && due.atMs <= atMs) {
        due.isStopped = true;
        card.nowMs = due.atMs;
        due.call();
        await vi.waitUntil(() => outbox.isAllSent, { interval: 1 });
      }
      card.nowMs = atMs;
      record(sequence++);
    }
    return { card, outbox, record };
  }

  test.each<[what: string, everyMs: number, perMessage: number]>([
    ['an event a second: ten in a message', 1_000, 10],
    ['one in three seconds: what comes in the longest interval', 3_000, 10],
    ['ten a second: what comes in the shortest interval', 100, 50],
  ])('gathers longer while its messages are small: %s', async (_, everyMs, perMessage) => {
    const { card } = await inUse(everyMs, 300_000);
    // After the first few, which find the interval.
    const sizes = card.messages.slice(6).map((message) => message.length);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(perMessage - 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(perMessage + 1);
    expect(card.messages.flat()).toEqual(card.messages.flat().toSorted((a, b) => a - b));
  });

  test('that seems to rest says so in its newest row, and has an alarm of upkeep again, not one that finds nothing', async () => {
    const { card, outbox, record } = await inUse(1_000, 60_000);
    expect(card.noted).toEqual([1]);
    expect(card.alarms).toHaveLength(1);
    // It pauses: its last event is ten seconds old when the last message leaves.
    card.nowMs += 10_000;
    await outbox.publish();
    expect([card.noted.at(-1), card.alarms.at(-1)]).toEqual([card.log.length, upkeepMs]);
    // And is sent at once when the next interval has passed, as at rest.
    card.nowMs += limits.publishIntervalMs;
    record(card.log.length + 1);
    expect(card.timers.at(-1)?.delayMs).toBe(limits.publishDelayMs);
  });

  test('keeps the alarm that has more to do', async () => {
    const { card, outbox } = await inUse(1_000, 20_000);
    card.upkeepAtMs = null;
    const alarms = [...card.alarms];
    card.nowMs += limits.publishIntervalMsMax;
    await outbox.publish();
    expect([card.noted.at(-1), card.alarms]).toEqual([card.log.length, alarms]);
  });

  test('a message that is full goes at once, also while another is on its way', async () => {
    Object.assign(limits, { eventsPerMessageMax: 3 });
    const { card, outbox, record } = await loaded();
    record(1);
    await outbox.publish();
    record(2, 3);
    expect(card.messages).toEqual([[1]]);
    record(4);
    await vi.waitUntil(() => outbox.isAllSent, { interval: 1 });
    let arrive: (() => void) | undefined;
    card.send = () => new Promise<void>((resolve) => (arrive = resolve));
    record(5, 6, 7);
    await vi.waitUntil(() => arrive !== undefined, { interval: 1 });
    record(8, 9, 10, 11);
    card.send = () => Promise.resolve();
    arrive?.();
    await vi.waitUntil(() => outbox.publishedSequence === 10, { interval: 1 });
    expect([card.messages, outbox.isAllSent]).toEqual([[[1], [2, 3, 4], [5, 6, 7], [8, 9, 10]], false]);
    expect(waiting(card.timers)).toEqual([limits.publishIntervalMs]);
  });
});
