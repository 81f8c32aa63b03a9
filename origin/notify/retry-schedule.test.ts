// The schedule is the specification's, and what an endpoint asks for is heard within bounds.

import { expect, test } from 'vitest';
import { attemptsMax, nextWaitMs, readRetryAfter } from './retry-schedule.ts';

const middle = { retryAfterMs: null, random: 0.5 };

test('ten attempts: at once, then 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h', () => {
  const waits = Array.from({ length: attemptsMax }, (_, failed) => nextWaitMs(failed, middle));
  expect(waits.map((ms) => (ms ?? Number.NaN) / 1_000)).toEqual([
    ...[0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
  ]);
  expect(nextWaitMs(attemptsMax, middle)).toBeNull();
  // 75 h 35 min 5 s
  expect(waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBe(272_105_000);
});

test('each wait differs by a tenth either way', () => {
  expect(nextWaitMs(2, { retryAfterMs: null, random: 0 })).toBe(270_000);
  expect(nextWaitMs(2, { retryAfterMs: null, random: 0.999_999 })).toBe(330_000);
});

test('Retry-After makes a wait longer, never shorter, and a day at most', () => {
  expect(nextWaitMs(1, { retryAfterMs: 60_000, random: 0.5 })).toBe(60_000);
  expect(nextWaitMs(2, { retryAfterMs: 60_000, random: 0.5 })).toBe(300_000);
  expect(nextWaitMs(1, { retryAfterMs: 30 * 86_400_000, random: 0.5 })).toBe(86_400_000);
});

const now = Date.parse('2026-11-21T12:00:00Z');
test.each<[header: string | undefined, ms: number | null]>([
  ['120', 120_000],
  [' 5 ', 5_000],
  ['Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
  ['Saturday, 21-Nov-26 12:01:00 GMT', 60_000],
  ['999999999', 86_400_000],
  ['0', null],
  ['Sat, 21 Nov 2026 11:59:00 GMT', null],
  ['-5', null],
  ['1.5', null],
  ['2027', 2_027_000],
  ['soon', null],
  ['2026-11-21T12:01:00Z', null],
  ['', null],
  [undefined, null],
])('Retry-After: %s is %s ms', (header, ms) => {
  expect(readRetryAfter(header, now)).toBe(ms);
});
