// Local days where clocks change, half hours, skipped midnights; and every window of every zone against the platform's calendar.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysOfWeek } from '../../contracts/control.ts';
import { hourMs } from '../testing/samples.ts';
import { dateIn, firstDateOf } from './dates-by-intl.ts';
import { type CalendarWindow, daysIn, minuteOfDay, spansOf } from './windows.ts';

const instant = (text: string) => Date.parse(text);
const text = (atMs: number) => new Date(atMs).toISOString().replace('.000Z', 'Z');

describe('a day starts at local midnight, or at the first instant that there is', () => {
  test.each<[why: string, zone: string, at: string, start: string, hours: number]>([
    ['plain', 'UTC', '2026-03-04T12:00:00Z', '2026-03-04T00:00:00Z', 24],
    ['its first instant', 'UTC', '2026-03-04T00:00:00Z', '2026-03-04T00:00:00Z', 24],
    ['its last instant', 'UTC', '2026-03-04T23:59:59.999Z', '2026-03-04T00:00:00Z', 24],
    ['before 1970', 'UTC', '1969-12-31T23:59:59.999Z', '1969-12-31T00:00:00Z', 24],
    ['clocks go forward', 'America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T05:00:00Z', 23],
    ['clocks go back', 'America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', 25],
    ['the first of two 01:30', 'America/New_York', '2026-11-01T05:30:00Z', '2026-11-01T04:00:00Z', 25],
    ['the second of two 01:30', 'America/New_York', '2026-11-01T06:30:00Z', '2026-11-01T04:00:00Z', 25],
    ['clocks go forward', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', 23],
    ['clocks go back', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', 25],
    ['half an hour', 'Asia/Kolkata', '2026-03-04T18:29:59Z', '2026-03-03T18:30:00Z', 24],
    ['a quarter of an hour', 'Asia/Kathmandu', '2026-03-04T18:15:00Z', '2026-03-04T18:15:00Z', 24],
    ['clocks change by half an hour', 'Australia/Lord_Howe', '2026-04-04T20:00:00Z', '2026-04-04T13:00:00Z', 24.5],
    ['midnight is skipped', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00Z', 23],
    ['the day before a skipped midnight', 'America/Sao_Paulo', '2018-11-04T02:59:59Z', '2018-11-03T03:00:00Z', 24],
    ['midnight is skipped in Beirut', 'Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00Z', 23],
    ['midnight comes twice', 'America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', 25],
    ['a whole day is skipped', 'Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29T10:00:00Z', 24],
    ['the day after a skipped one', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z', 24],
    ['the far east of the date line', 'Pacific/Kiritimati', '2026-03-04T10:00:00Z', '2026-03-04T10:00:00Z', 24],
    ['the far west of the date line', 'Pacific/Niue', '2026-03-04T10:59:59Z', '2026-03-03T11:00:00Z', 24],
    ['the longest day there was', 'Antarctica/Casey', '2010-03-05T00:00:00Z', '2010-03-04T13:00:00Z', 27],
  ])('%s: %s at %s', (_, time_zone, at, start, hours) => {
    for (const span of [daysIn(time_zone)(instant(at)), spansOf({ per: 'day', time_zone })(instant(at))]) {
      expect(text(span.start_ms)).toBe(start);
      expect((span.end_ms - span.start_ms) / hourMs).toBe(hours);
    }
  });
});

const week = (starts_on: (typeof daysOfWeek)[number], time_zone = 'UTC') =>
  ({ per: 'week', starts_on, time_zone }) as const;
const month = (starts_on: number, time_zone = 'UTC') => ({ per: 'month', starts_on, time_zone }) as const;
const year = (time_zone: string) => ({ per: 'year', time_zone }) as const;

describe('a longer window runs from midnight to midnight of its first days', () => {
  test.each<[window: CalendarWindow, at: string, start: string, end: string]>([
    [week('monday'), '2026-03-04T12:00:00Z', '2026-03-02T00:00:00Z', '2026-03-09T00:00:00Z'],
    [week('wednesday'), '2026-03-04T00:00:00Z', '2026-03-04T00:00:00Z', '2026-03-11T00:00:00Z'],
    [week('thursday'), '2026-03-04T23:59:59Z', '2026-02-26T00:00:00Z', '2026-03-05T00:00:00Z'],
    [week('sunday', 'America/New_York'), '2026-03-10T12:00:00Z', '2026-03-08T05:00:00Z', '2026-03-15T04:00:00Z'],
    // The day on which it would start is one that Samoa never had.
    [week('friday', 'Pacific/Apia'), '2012-01-02T00:00:00Z', '2011-12-30T10:00:00Z', '2012-01-05T10:00:00Z'],
    [month(1), '2026-02-28T23:59:59Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'],
    [month(1, 'Europe/Berlin'), '2026-03-31T21:59:59Z', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'],
    [month(15), '2026-01-14T00:00:00Z', '2025-12-15T00:00:00Z', '2026-01-15T00:00:00Z'],
    [month(15), '2026-12-15T00:00:00Z', '2026-12-15T00:00:00Z', '2027-01-15T00:00:00Z'],
    // A month that has no such day starts on its last.
    [month(31), '2026-02-27T12:00:00Z', '2026-01-31T00:00:00Z', '2026-02-28T00:00:00Z'],
    [month(31), '2026-02-28T12:00:00Z', '2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z'],
    [month(30), '2028-02-29T12:00:00Z', '2028-02-29T00:00:00Z', '2028-03-30T00:00:00Z'],
    [month(29), '2027-02-28T12:00:00Z', '2027-02-28T00:00:00Z', '2027-03-29T00:00:00Z'],
    [month(31), '2026-04-30T00:00:00Z', '2026-04-30T00:00:00Z', '2026-05-31T00:00:00Z'],
    [year('UTC'), '2026-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    [year('Pacific/Kiritimati'), '2026-12-31T10:00:00Z', '2026-12-31T10:00:00Z', '2027-12-31T10:00:00Z'],
  ])('%j at %s', (window, at, start, end) => {
    const span = spansOf(window)(instant(at));
    expect([text(span.start_ms), text(span.end_ms)]).toEqual([start, end]);
  });

  test('a lifetime has every instant', () => {
    const spanAt = spansOf({ per: 'lifetime' });
    expect(spanAt(0)).toBe(spanAt(Date.UTC(2100, 0)));
    expect(spanAt(0).start_ms).toBe(0);
  });
});

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'UTC', 'Etc/GMT+12', 'EST5EDT', 'europe/berlin');
/** Zones whose clocks change in ways of their own, more often than chance would draw them. */
const oddZones = fc.constantFrom(
  ...['Europe/Berlin', 'America/New_York', 'Pacific/Apia', 'America/Sao_Paulo', 'Asia/Kolkata', 'Australia/Lord_Howe'],
  ...['Asia/Beirut', 'America/Havana', 'Africa/Casablanca', 'Asia/Gaza', 'Antarctica/Troll', 'Pacific/Chatham'],
);
const time_zone = fc.oneof(zones, oddZones);
const window: fc.Arbitrary<Exclude<CalendarWindow, { per: 'lifetime' }>> = fc.oneof(
  fc.record({ per: fc.constant('day' as const), time_zone }),
  fc.record({ per: fc.constant('week' as const), starts_on: fc.constantFrom(...daysOfWeek), time_zone }),
  fc.record({ per: fc.constant('month' as const), starts_on: fc.integer({ min: 1, max: 31 }), time_zone }),
  fc.record({ per: fc.constant('year' as const), time_zone }),
);
const instants = fc.integer({ min: Date.UTC(2012, 0, 8), max: Date.UTC(2038, 0) });

test('a window is all instants that the platform’s calendar puts into it, and the next one follows at once', () => {
  fc.assert(
    fc.property(window, instants, (per, atMs) => {
      const spanAt = spansOf(per);
      const span = spanAt(atMs);
      const { start_ms, end_ms } = span;
      expect(start_ms <= atMs && atMs < end_ms).toBe(true);
      const first = firstDateOf(per, atMs);
      expect([firstDateOf(per, start_ms), firstDateOf(per, end_ms - 1)]).toEqual([first, first]);
      expect(firstDateOf(per, start_ms - 1)).not.toBe(first);
      expect(firstDateOf(per, end_ms)).not.toBe(first);
      expect([spanAt(start_ms), spanAt(end_ms - 1)]).toEqual([span, span]);
      expect(spanAt(start_ms - 1).end_ms).toBe(start_ms);
      expect(spanAt(end_ms).start_ms).toBe(end_ms);
    }),
    { numRuns: 500 },
  );
});

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Weekday and wall clock, by the platform. */
function wallClock(timeZone: string, atMs: number): { weekday: string; minute: number } {
  const options = { timeZone, weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const format = clocks.get(timeZone) ?? new Intl.DateTimeFormat('en-US', options);
  clocks.set(timeZone, format);
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    weekday: parts.get('weekday')?.toLowerCase() ?? '',
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

test('date, weekday and minute of a day are those on the platform’s wall clock', () => {
  fc.assert(
    fc.property(time_zone, instants, fc.integer({ min: 0, max: 26 }), (zone, from, hours) => {
      const dayAt = daysIn(zone);
      // From the start of a day on: where clocks change, they do so in its first hours.
      for (const atMs of [from, dayAt(from).start_ms + hours * hourMs]) {
        const day = dayAt(atMs);
        const { weekday, minute } = wallClock(zone, atMs);
        expect(day.date).toBe(dateIn(zone, atMs));
        expect(daysOfWeek[day.weekday]).toBe(weekday);
        expect(minuteOfDay(atMs, day, zone)).toBe(minute);
      }
    }),
    { numRuns: 500 },
  );
});

test.each<[zone: string, at: string, time: string]>([
  ['Europe/Berlin', '2026-03-29T00:59:00Z', '01:59'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', '03:00'],
  ['Europe/Berlin', '2026-10-25T00:30:00Z', '02:30'],
  ['Europe/Berlin', '2026-10-25T01:30:00Z', '02:30'],
  ['Europe/Berlin', '2026-10-25T22:59:00Z', '23:59'],
  // A minute has begun until the next one does, also on a day of 25 hours.
  ['Europe/Berlin', '2026-10-25T12:00:59.999Z', '13:00'],
  ['Europe/Berlin', '2026-10-26T12:00:59.999Z', '13:00'],
  ['Australia/Lord_Howe', '2026-04-04T15:15:00Z', '01:45'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z', '01:00'],
  ['Asia/Kolkata', '2026-03-04T18:30:00Z', '00:00'],
])('in %s it is at %s: %s', (zone, at, time) => {
  const minute = minuteOfDay(instant(at), daysIn(zone)(instant(at)), zone);
  expect(minute).toBe(Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
});

test('the answer does not depend on what was asked before', () => {
  const asked = fc.array(fc.tuple(fc.constantFrom('UTC', 'Asia/Tokyo'), fc.integer({ min: 0, max: 400 * hourMs })));
  fc.assert(
    fc.property(asked, (questions) => {
      for (const [zone, atMs] of questions) {
        const offset = zone === 'UTC' ? 0 : 9 * hourMs;
        const start_ms = Math.floor((atMs + offset) / (24 * hourMs)) * 24 * hourMs - offset;
        expect(spansOf({ per: 'day', time_zone: zone })(atMs)).toEqual({ start_ms, end_ms: start_ms + 24 * hourMs });
      }
    }),
  );
});
