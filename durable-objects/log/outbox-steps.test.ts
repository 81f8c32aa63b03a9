// The outbox step by step: when it sends, what it promises for the case that it cannot, and where it goes on after a load. The log, the
// alarm and the clock are the test's.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { away, type Found, loaded, rowOf, startMs, waiting } from '../testing/sample-loaded-outbox.ts';

/** On a whole minute, as upkeep alarms are. */
const upkeepMs = startMs + 5 * 3_600_000 - 1;
const usual = { unsentInMemoryMax: limits.unsentInMemoryMax, eventsPerMessageMax: limits.eventsPerMessageMax };
let logged: string[] = [];
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(line)));
afterEach(() => {
  vi.restoreAllMocks();
  logged = [];
  Object.assign(limits, usual);
});

describe('after a load', () => {
  test.each<[what: string, found: Found, published: number, isAllSent: boolean]>([
    ['of a card that has no event', {}, 0, true],
    ['of rows that nothing was sent of', { rows: [1, 2, 3] }, 0, false],
    ['it goes on after what the newest row knows to be sent', { rows: [1, 2, 3], published: 2 }, 2, false],
    ['of which all is sent', { rows: [1, 2, 3], published: 3 }, 3, true],
    ['what is no longer in the log was sent, though no row knows it', { rows: [4, 5], published: 1 }, 3, false],
    ['the same, where a row knows more', { rows: [4, 5], published: 4 }, 4, false],
    ['of a log of which nothing is left', { rows: [], sequence: 7 }, 7, true],
    ['an upkeep alarm proves nothing', { rows: [1, 2, 3], published: 1, alarmAtMs: upkeepMs }, 1, false],
    ['nor does an alarm to send', { rows: [1, 2, 3], published: 1, alarmAtMs: upkeepMs + 1 }, 1, false],
  ])('%s', async (_, found, published, isAllSent) => {
    const { card, outbox } = await loaded(found);
    expect([outbox.publishedSequence, outbox.isAllSent]).toEqual([published, isAllSent]);
    expect(waiting(card.timers)).toEqual(isAllSent ? [] : [limits.publishDelayMs]);
    await outbox.publish();
    const unsent = (found.rows ?? []).filter((sequence) => sequence > published);
    expect(card.messages.flat()).toEqual(isAllSent ? [] : unsent);
    expect([outbox.isAllSent, waiting(card.timers)]).toEqual([true, []]);
  });
});

describe('an event of a quiet card', () => {
  test('is sent after a short wait, with those that come meanwhile, and an alarm stands behind it', async () => {
    const { card, outbox, record } = await loaded();
    record(1);
    expect([waiting(card.timers), card.alarms]).toEqual([[limits.publishDelayMs], [startMs + limits.publishAlarmMs]]);
    record(2, 3);
    expect([card.timers.length, card.alarms.length]).toEqual([1, 1]);
    expect([outbox.isBusy, outbox.isAllSent]).toEqual([false, false]);
    card.timers[0]?.call();
    await vi.waitUntil(() => outbox.isAllSent, { interval: 1 });
    expect([card.messages, card.logReads, card.startedAgain]).toEqual([[[1, 2, 3]], 0, []]);
  });

  test('waits longer right after a message, and so does its alarm, until the card is quiet again', async () => {
    const { card, outbox, agenda, record } = await loaded();
    record(1);
    await outbox.publish();
    expect(outbox.isBusy).toBe(true);
    agenda.fired({ scheduledTime: startMs });
    record(2);
    expect(card.timers.at(-1)?.delayMs).toBe(limits.publishIntervalMs);
    const alarmInMs = Number(card.alarms.at(-1)) - startMs;
    expect(alarmInMs).toBeGreaterThanOrEqual(limits.publishAlarmBusyMs / 2);
    expect(alarmInMs).toBeLessThanOrEqual(limits.publishAlarmBusyMs);
    card.nowMs = startMs + limits.publishIntervalMs - 1;
    expect(outbox.isBusy).toBe(true);
    card.nowMs += 1;
    expect(outbox.isBusy).toBe(false);
    await outbox.publish();
    card.nowMs -= 1;
    // The clock was set back since.
    expect(outbox.isBusy).toBe(false);
  });

  test('starts one timer only, and after it has gone off another', async () => {
    const { card, outbox, record } = await loaded();
    record(1, 2);
    card.timers[0]?.call();
    await outbox.publish();
    record(3, 4);
    expect(card.timers).toHaveLength(2);
    await outbox.publish();
    expect(waiting(card.timers.slice(1))).toEqual([]);
    record(5);
    expect(card.timers).toHaveLength(3);
  });

  test('leaves an alarm to send alone that is near enough, and brings a later one forward', async () => {
    const near = await loaded({ alarmAtMs: startMs + limits.publishAlarmBusyMs + 1 });
    near.record(1);
    expect(near.card.alarms).toEqual([]);
    const far = await loaded({ alarmAtMs: startMs + limits.publishAlarmBusyMs + 2 });
    far.record(1);
    expect(far.card.alarms).toEqual([startMs + limits.publishAlarmMs]);
  });

  test('that is not numbered after the newest is refused, and nothing is kept of it', async () => {
    const { card, outbox, record } = await loaded({ rows: [1], published: 1 });
    expect(() => record(3)).toThrow('event 3 was recorded after event 1');
    expect(() => outbox.recorded(rowOf(1))).toThrow('event 1 was recorded after event 1');
    expect([outbox.isAllSent, card.timers, card.alarms]).toEqual([true, [], []]);
  });
});

describe('sending', () => {
  test('is done by one at a time; others wait for it', async () => {
    const { card, outbox, record } = await loaded();
    record(1);
    let arrive: (() => void) | undefined;
    card.send = () => new Promise<void>((resolve) => (arrive = resolve));
    const [first, second] = [outbox.publish(), outbox.publish()];
    expect(second).toBe(first);
    await vi.waitUntil(() => arrive !== undefined, { interval: 1 });
    record(2);
    card.send = () => Promise.resolve();
    arrive?.();
    await first;
    // What came meanwhile waits for the next message, with what else comes until then.
    expect([card.messages, waiting(card.timers).length]).toEqual([[[1]], 1]);
    record(3);
    expect(outbox.publish()).not.toBe(first);
    await outbox.publish();
    expect(card.messages).toEqual([[1], [2, 3]]);
  });

  test('of many rows takes several messages, in order', async () => {
    Object.assign(limits, { eventsPerMessageMax: 3 });
    const { card, outbox, record } = await loaded();
    record(1, 2, 3, 4, 5, 6, 7);
    await outbox.publish();
    expect([card.messages, card.logReads]).toEqual([[[1, 2, 3], [4, 5, 6], [7]], 0]);
  });

  test('of a message that fails moves the cursor by those before it', async () => {
    Object.assign(limits, { eventsPerMessageMax: 2 });
    const { card, outbox, record } = await loaded();
    record(1, 2, 3);
    card.send = ({ events }) => (events[0]?.sequence === 3 ? away() : Promise.resolve());
    await outbox.publish();
    expect([outbox.publishedSequence, outbox.isAllSent, outbox.isBusy]).toEqual([2, false, true]);
    card.send = () => Promise.resolve();
    await outbox.publish();
    expect(card.messages).toEqual([[1, 2], [3]]);
  });

  test('that fails sets an alarm, each one later than the last up to a bound, and the first again after a success', async () => {
    const { card, outbox, record } = await loaded();
    record(1);
    card.send = away;
    const waitsMs: number[] = [];
    for (let tries = 0; tries < 8; tries++) {
      await outbox.publish();
      waitsMs.push(Number(card.alarms.at(-1)) - card.nowMs);
    }
    expect(waitsMs).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((factor) => factor * limits.publishRetryMsMin));
    expect([outbox.publishedSequence, card.messages, card.startedAgain]).toEqual([0, [], []]);
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({
      level: 'error',
      event: 'card_events_not_published',
      unsent: 1,
    });
    card.send = () => Promise.resolve();
    await outbox.publish();
    record(2);
    card.send = away;
    await outbox.publish();
    expect(Number(card.alarms.at(-1)) - card.nowMs).toBe(limits.publishRetryMsMin);
  });
});

describe('what memory has no room for', () => {
  test('is read from the log, a message’s worth at a time', async () => {
    Object.assign(limits, { unsentInMemoryMax: 2, eventsPerMessageMax: 3 });
    const { card, outbox, record } = await loaded();
    record(1, 2, 3, 4, 5, 6);
    await outbox.publish();
    expect([card.messages, card.logReads]).toEqual([[[1, 2], [3, 4, 5], [6]], 2]);
  });

  test('leaves no gap: rows after it are not kept either, until all that is kept is sent', async () => {
    Object.assign(limits, { unsentInMemoryMax: 2 });
    const { card, outbox, record } = await loaded();
    record(1, 2, 3);
    card.send = ({ events }) => (events[0]?.sequence === 1 ? Promise.resolve() : away());
    await outbox.publish();
    record(4);
    card.send = () => Promise.resolve();
    await outbox.publish();
    expect([card.messages, card.logReads]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      2,
    ]);
    record(5);
    await outbox.publish();
    expect([card.messages.at(-1), card.logReads]).toEqual([[5], 2]);
  });

  test('a log that ends too early is no end: the object starts again', async () => {
    const { card, outbox } = await loaded({ rows: [1, 2, 3] });
    card.log.splice(1);
    await outbox.publish();
    expect([card.messages, outbox.publishedSequence]).toEqual([[[1]], 1]);
    expect(card.startedAgain).toEqual(['the log ends before event 3']);
  });

  test('a log that lacks a row in the middle of a message sends nothing of it', async () => {
    const { card, outbox } = await loaded({ rows: [1, 2, 4] });
    await outbox.publish();
    expect([card.messages, outbox.publishedSequence]).toEqual([[], 0]);
    expect(card.startedAgain).toEqual(['event 4 stands where event 3 should be sent']);
    expect(card.alarms).toEqual([startMs + limits.publishRetryMsMin]);
  });
});
