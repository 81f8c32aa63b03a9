// Where a change of a hold stands: numbers of the network, stamps ahead of our clock, clearings that say only a date.

import { describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { advice, clearing, hourMs, noonMs, reversal } from '../testing/samples.ts';
import {
  afterAllHeard,
  approvalPlace,
  beginningPlace,
  type HoldChange,
  holdOf,
  inOrder,
  placeOf,
} from './hold-changes.ts';

const change = (does: HoldChange['does'], at_ms: number, minor: number, more: Partial<HoldChange> = {}): HoldChange => {
  const heard_ms = more.heard_ms ?? noonMs;
  // Heard by the event of that number, unless it says otherwise.
  return { does, at_ms, minor, nth: 0, heard: heard_ms, heard_ms, ...more };
};
const begins = (at_ms: number, minor: number, more: Partial<HoldChange> = {}) =>
  change('adds', at_ms, minor, { nth: -1, heard_ms: noonMs - 1, ...more });
const held = (changes: readonly HoldChange[]) => holdOf(inOrder(changes)).hold_minor;

describe('after all that has been heard', () => {
  type Row = [
    what: string,
    changes: readonly HoldChange[],
    earliestMs: number,
    order: number | undefined,
    place: object,
  ];
  test.each<Row>([
    ['nothing was', [], 7, undefined, { at_ms: 7, nth: 1 }],
    ['nothing was, and time has hardly begun', [], -7, undefined, { at_ms: 0, nth: 1 }],
    ['a beginning, which comes first anyway', [begins(900, 1, { order: 4 })], 7, undefined, { at_ms: 7, nth: 1 }],
    ['something earlier', [change('takes', 5, 1)], 7, undefined, { at_ms: 7, nth: 1 }],
    ['something later', [change('takes', 9, 1)], 7, undefined, { at_ms: 9, nth: 1 }],
    [
      'another one of that kind',
      [change('adds', 9, 1, { nth: 3 }), change('takes', 8, 1)],
      7,
      undefined,
      { at_ms: 9, nth: 4 },
    ],
    [
      'what is numbered: its highest number is taken over',
      [change('takes', 9, 1, { order: 7 }), change('takes', 8, 1, { order: 3 }), change('takes', 8, 1)],
      7,
      undefined,
      { at_ms: 9, order: 7, nth: 1 },
    ],
    ['what is numbered 0', [change('takes', 9, 1, { order: 0 })], 7, undefined, { at_ms: 9, order: 0, nth: 1 }],
    ['lower numbers than its own', [change('takes', 9, 1, { order: 7 })], 7, 8, { at_ms: 9, order: 8, nth: 1 }],
    ['a higher number than its own', [change('takes', 9, 1, { order: 7 })], 7, 2, { at_ms: 9, order: 7, nth: 1 }],
    [
      'what is dated by its number rather than its stamp',
      [change('takes', 20, 1, { order: 1 }), change('takes', 9, 1, { order: 2 })],
      7,
      undefined,
      { at_ms: 20, order: 2, nth: 1 },
    ],
  ])('%s', (_, changes, earliestMs, order, place) => {
    expect(afterAllHeard(changes, earliestMs, order)).toStrictEqual(place);
  });
});

describe('the place of a message', () => {
  const aheadMs = limits.stampAheadMsMax;
  const behindMs = limits.stampBehindMsMax;
  const midnightMs = noonMs - 12 * hourMs;
  const dayMs = 24 * hourMs;
  const stamped = (occurred_at_ms: number, order?: number) => ({
    occurred_at_ms,
    ...(order === undefined ? {} : { order }),
  });

  type Row = [what: string, message: CardMessage, place: object];
  test.each<Row>([
    ['its stamp', reversal(stamped(noonMs - 1)), { at_ms: noonMs - 1, nth: 0 }],
    ['its stamp and its number', reversal(stamped(noonMs - 1, 4)), { at_ms: noonMs - 1, order: 4, nth: 0 }],
    ['a stamp as far ahead as clocks differ', reversal(stamped(noonMs + aheadMs)), { at_ms: noonMs + aheadMs, nth: 0 }],
    ['a stamp further ahead is none', reversal(stamped(noonMs + aheadMs + 1)), { at_ms: noonMs - behindMs, nth: 1 }],
    ['nor is one of days', advice(stamped(noonMs + 3 * dayMs)), { at_ms: noonMs - behindMs, nth: 1 }],
    ['a number, and too far ahead', advice(stamped(noonMs + dayMs, 2)), { at_ms: noonMs - behindMs, order: 2, nth: 0 }],
    ['no stamp: after all heard, as early as it may be', advice(), { at_ms: noonMs - behindMs, nth: 1 }],
    ['no stamp, but a number', advice({ order: 3 }), { at_ms: noonMs - behindMs, order: 3, nth: 0 }],
    ['a date, heard on that day', clearing(stamped(midnightMs)), { at_ms: noonMs, nth: 0 }],
    ['an advice’s date is its instant', advice(stamped(midnightMs)), { at_ms: midnightMs, nth: 0 }],
    ['a date and a number', clearing(stamped(midnightMs, 6)), { at_ms: noonMs, order: 6, nth: 0 }],
  ])('%s', (_, message, place) => {
    expect(placeOf([], message, noonMs)).toStrictEqual(place);
  });

  test('a stamp too far ahead comes after what was heard, be that stamped later than our clock is now', () => {
    const known = [begins(noonMs, 100), change('adds', noonMs, 50, { nth: 1 })];
    const place = placeOf(known, reversal(stamped(noonMs + hourMs)), noonMs - 30 * dayMs);
    expect(place).toStrictEqual({ at_ms: noonMs, nth: 2 });
    expect(held([...known, change('ends', place.at_ms, 0, place)])).toBe(0);
  });

  test('a stamp too far ahead does not put what follows behind it', () => {
    const first = placeOf([], advice({ hold_minor: 80, ...stamped(noonMs + dayMs) }), noonMs);
    const changes = [begins(noonMs - 5, 100), change('sets', first.at_ms, 80, first)];
    const next = placeOf(changes, reversal({ amount_minor: 30, ...stamped(noonMs + 1_000) }), noonMs + 1_000);
    expect(held([...changes, change('takes', next.at_ms, 30)])).toBe(50);
  });

  describe('a clearing or reversal that says only its date, heard two days later', () => {
    const lateMs = midnightMs + 3 * dayMs;
    const utcEndMs = midnightMs + dayMs - 1;
    const localEndMs = midnightMs + behindMs - 1;
    const nextDayMs = midnightMs + dayMs + 2 * hourMs;
    const onTheDay = begins(midnightMs + hourMs, 1_000);
    const sinceThen = change('adds', nextDayMs, 500, { nth: 1 });
    type Dated = [what: string, changes: readonly HoldChange[], message: CardMessage, atMs: number];
    test.each<Dated>([
      ['as much as was held at its end in UTC', [onTheDay, sinceThen], clearing({ amount_minor: 1_000 }), utcEndMs],
      ['less than that', [onTheDay, sinceThen], clearing({ amount_minor: 999 }), utcEndMs],
      [
        'more than that: its end in the westernmost zone',
        [onTheDay, sinceThen],
        clearing({ amount_minor: 1_001 }),
        localEndMs,
      ],
      ['a reversal of more', [onTheDay, sinceThen], reversal({ amount_minor: 1_500 }), localEndMs],
      ['a reversal of all says no amount', [onTheDay, sinceThen], reversal(), utcEndMs],
      [
        'one unit was held, two are cleared',
        [begins(midnightMs, 1), sinceThen],
        clearing({ amount_minor: 2 }),
        localEndMs,
      ],
      ['nothing was held then', [sinceThen], clearing({ amount_minor: 500 }), utcEndMs],
      ['numbered', [onTheDay, sinceThen], clearing({ amount_minor: 1_500, order: 3 }), utcEndMs],
      [
        'an approval of the day’s last millisecond is not surely of it',
        [onTheDay, change('adds', utcEndMs, 500, { nth: 1 })],
        clearing({ amount_minor: 1_500 }),
        localEndMs,
      ],
      [
        'an advice of the next day says by itself what is held',
        [onTheDay, sinceThen, change('sets', nextDayMs + 1, 800)],
        clearing({ amount_minor: 1_500 }),
        utcEndMs,
      ],
      [
        'an advice of the day itself, of 700: 900 are more',
        [onTheDay, change('sets', midnightMs + 2 * hourMs, 700), sinceThen],
        clearing({ amount_minor: 900 }),
        localEndMs,
      ],
    ])('%s', (_, changes, message, atMs) => {
      expect(placeOf(changes, { ...message, ...stamped(midnightMs) }, lateMs).at_ms).toBe(atMs);
    });

    test('no later than it was heard, by a zone that is behind as well', () => {
      const both = clearing({ amount_minor: 1_500, ...stamped(midnightMs) });
      expect(placeOf([onTheDay, sinceThen], both, nextDayMs + 1).at_ms).toBe(nextDayMs + 1);
      expect(placeOf([], both, utcEndMs - 1).at_ms).toBe(utcEndMs - 1);
    });

    test('no earlier than its date, by a clock that is behind it', () => {
      expect(placeOf([], clearing(stamped(midnightMs)), midnightMs - 1).at_ms).toBe(midnightMs);
    });
  });
});

describe('the place of an approval', () => {
  const behindMs = limits.stampBehindMsMax;
  const midnight = { occurred_at_ms: noonMs - 12 * hourMs };

  test.each([
    ['its stamp', { occurred_at_ms: noonMs - 5 }, noonMs - 5],
    [
      'a stamp too far ahead of our clock: as none',
      { occurred_at_ms: noonMs + limits.stampAheadMsMax + 1 },
      noonMs - behindMs,
    ],
    ['no stamp: as early as a clock may be behind ours', {}, noonMs - behindMs],
    ['a date alone: likewise', midnight, noonMs - behindMs],
  ])('that begins the authorization: %s', (_, stamp, at_ms) => {
    expect(beginningPlace(stamp, noonMs)).toStrictEqual({ at_ms, nth: -1 });
    expect(beginningPlace({ ...stamp, order: 2 }, noonMs)).toStrictEqual({ at_ms, order: 2, nth: -1 });
    expect(approvalPlace([], stamp, noonMs)).toStrictEqual({ at_ms, nth: 1 });
  });

  test('is not before all time', () => {
    expect(beginningPlace({}, 5)).toStrictEqual({ at_ms: 0, nth: -1 });
  });

  test('that did not begin it: after all that the card had heard, whatever its stamp', () => {
    const end = change('ends', noonMs, 0, { order: 4 });
    const place = approvalPlace([end], { occurred_at_ms: noonMs - 5, order: 3 }, noonMs + 9);
    expect(place).toStrictEqual({ at_ms: noonMs, order: 4, nth: 1 });
    expect(held([begins(1, 100), end, change('adds', place.at_ms, 50, place)])).toBe(50);
  });
});
