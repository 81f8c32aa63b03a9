// Local dates and midnights against the Temporal library, for every zone of the platform and whenever its clocks changed.

import fc from 'fast-check';
import * as Instant from 'temporal-polyfill/fns/Instant';
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import { expect, test } from 'vitest';
import { dayMs, localTimeAt, startOfDay } from './time-zone.ts';

const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'Etc/GMT+12', 'Etc/GMT-14', 'EST5EDT', 'europe/berlin'];

function byTemporal(timeZone: string, atMs: number) {
  const zoned = Instant.toZonedDateTimeISO(Instant.fromEpochMilliseconds(atMs), timeZone);
  const start = ZonedDateTime.startOfDay(zoned);
  return {
    day: Date.UTC(zoned.year, zoned.month - 1, zoned.day) / dayMs,
    ofDayMs: zoned.hour * 3_600_000 + zoned.minute * 60_000 + zoned.second * 1_000 + zoned.millisecond,
    start: start.epochMilliseconds,
    next: ZonedDateTime.startOfDay(ZonedDateTime.addDays(start, 1)).epochMilliseconds,
  };
}

function ours(timeZone: string, atMs: number) {
  const local = localTimeAt(timeZone, atMs);
  return { ...local, start: startOfDay(timeZone, local.day), next: startOfDay(timeZone, local.day + 1) };
}

test('date, wall clock and both midnights of any instant of any zone are those of Temporal', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(1972, 0, 8), max: Date.UTC(2090, 0) }),
      (timeZone, atMs) => {
        expect(ours(timeZone, atMs)).toEqual(byTemporal(timeZone, atMs));
      },
    ),
    { numRuns: 5_000 },
  );
});

/** The days of a year on which a zone's clock changes, found month by month and then by halves. */
function daysOfChange(timeZone: string, year: number): number[] {
  const offset = (day: number) =>
    localTimeAt(timeZone, day * dayMs).day * dayMs + localTimeAt(timeZone, day * dayMs).ofDayMs - day * dayMs;
  const found: number[] = [];
  for (let month = 0; month < 12; month += 1) {
    let [from, to] = [Date.UTC(year, month) / dayMs, Date.UTC(year, month + 1) / dayMs];
    if (offset(from) === offset(to)) continue;
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (offset(middle) === offset(from)) from = middle;
      else to = middle;
    }
    found.push(from);
  }
  return found;
}

test('the same around the days on which clocks change, in every zone', () => {
  let changes = 0;
  for (const timeZone of zones)
    for (const day of daysOfChange(timeZone, 2026)) {
      changes += 1;
      for (let hour = -14; hour < 38; hour += 4) {
        const atMs = day * dayMs + hour * 3_600_000 + 1;
        expect(ours(timeZone, atMs)).toEqual(byTemporal(timeZone, atMs));
      }
    }
  expect(changes).toBeGreaterThan(200);
}, 60_000);

test.each([
  // At 23:30 clocks went to 00:30: midnight is skipped, and the day starts at the change, which is not a midnight by either offset.
  ['America/Toronto', '1919-03-31', '1919-03-31T04:30:00Z'],
  ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00Z'],
  // The whole date is skipped.
  ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z'],
  ['Pacific/Kwajalein', '1993-08-21', '1993-08-21T12:00:00Z'],
  // Clocks go back over midnight: the first of two.
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00Z'],
  ['UTC', '2026-03-04', '2026-03-04T00:00:00Z'],
])('in %s, %s starts at %s', (timeZone, date, start) => {
  expect(new Date(startOfDay(timeZone, Date.parse(date) / dayMs)).toISOString()).toBe(start.replace('Z', '.000Z'));
});

test('UTC shows what it is', () => {
  expect(localTimeAt('UTC', 3 * dayMs + 5)).toEqual({ day: 3, ofDayMs: 5 });
});
