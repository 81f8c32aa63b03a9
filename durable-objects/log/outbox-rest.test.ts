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
