// Local days where clocks change, half hours, skipped midnights; and every zone against the platform's own calendar.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hourMs } from './samples.ts';
import { dayOf } from './windows.ts';

const instant = (text: string) => Date.parse(text);

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
    ['half an hour', 'Asia/Kolkata', '2026-03-04T18:29:59Z', '2026-03-03T18:30:00Z', 24],
    ['a quarter of an hour', 'Asia/Kathmandu', '2026-03-04T18:15:00Z', '2026-03-04T18:15:00Z', 24],
    ['clocks change by half an hour', 'Australia/Lord_Howe', '2026-04-04T20:00:00Z', '2026-04-04T13:00:00Z', 24.5],
    ['midnight is skipped', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00Z', 23],
    ['the day before a skipped midnight', 'America/Sao_Paulo', '2018-11-04T02:59:59Z', '2018-11-03T03:00:00Z', 24],
    ['midnight is skipped in Beirut', 'Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00Z', 23],
    ['midnight comes twice', 'America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', 25],
    ['a whole day is skipped', 'Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29T10:00:00Z', 24],
    ['the far east of the date line', 'Pacific/Kiritimati', '2026-03-04T10:00:00Z', '2026-03-04T10:00:00Z', 24],
    ['the far west of the date line', 'Pacific/Niue', '2026-03-04T10:59:59Z', '2026-03-03T11:00:00Z', 24],
    ['the longest day there was', 'Antarctica/Casey', '2010-03-05T00:00:00Z', '2010-03-04T13:00:00Z', 27],
  ])('%s: %s at %s', (_, zone, at, start, hours) => {
    const span = dayOf(instant(at), zone);
    expect(new Date(span.start_ms).toISOString()).toBe(new Date(instant(start)).toISOString());
    expect((span.end_ms - span.start_ms) / hourMs).toBe(hours);
  });
});

const formats = new Map<string, Intl.DateTimeFormat>();

function localDate(atMs: number, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(atMs);
}

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'UTC', 'Etc/GMT+12', 'EST5EDT', 'europe/berlin');
const instants = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2038, 0) });

test('a day is all instants of one local date, in every zone', () => {
  fc.assert(
    fc.property(zones, instants, (zone, atMs) => {
      const { start_ms, end_ms } = dayOf(atMs, zone);
      const date = localDate(atMs, zone);
      expect(start_ms <= atMs && atMs < end_ms).toBe(true);
      expect([localDate(start_ms, zone), localDate(end_ms - 1, zone)]).toEqual([date, date]);
      expect(localDate(start_ms - 1, zone)).not.toBe(date);
      expect(localDate(end_ms, zone)).not.toBe(date);
    }),
    { numRuns: 500 },
  );
});

test('the answer does not depend on what was asked before', () => {
  const asked = fc.array(fc.tuple(fc.constantFrom('UTC', 'Asia/Tokyo'), fc.integer({ min: 0, max: 400 * hourMs })));
  fc.assert(
    fc.property(asked, (questions) => {
      for (const [zone, atMs] of questions) {
        const offset = zone === 'UTC' ? 0 : 9 * hourMs;
        const start_ms = Math.floor((atMs + offset) / (24 * hourMs)) * 24 * hourMs - offset;
        expect(dayOf(atMs, zone)).toEqual({ start_ms, end_ms: start_ms + 24 * hourMs });
      }
    }),
  );
});

test('the end of a day belongs to the next, and the instant before its start to the last', () => {
  const today = dayOf(instant('2026-03-04T12:00:00Z'), 'UTC');
  expect(dayOf(today.end_ms, 'UTC').start_ms).toBe(today.end_ms);
  expect(dayOf(today.start_ms, 'UTC')).toEqual(today);
  expect(dayOf(today.start_ms - 1, 'UTC').end_ms).toBe(today.start_ms);
});
