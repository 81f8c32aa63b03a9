import { describe, expect, test } from 'vitest';
import { dueRun } from './due-run.ts';

const longAgo = Date.parse('2020-01-01T00:00:00Z');
const run = (time: string, zone: string, now: string, created = longAgo) =>
  dueRun({ time, zone }, created, Date.parse(now));

describe('which run is due', () => {
  test.each([
    ['before its time: yesterday’s', '23:30', 'UTC', '2026-05-10T23:29:59Z', '2026-05-09'],
    ['at its time: today’s', '23:30', 'UTC', '2026-05-10T23:30:00Z', '2026-05-10'],
    ['after midnight: still yesterday’s', '23:30', 'UTC', '2026-05-11T00:05:00Z', '2026-05-10'],
    ['a zone ahead of UTC has its own date', '06:00', 'Pacific/Auckland', '2026-05-10T18:00:00Z', '2026-05-11'],
    ['a zone behind UTC too', '22:00', 'America/Los_Angeles', '2026-05-11T04:59:00Z', '2026-05-09'],
    ['and at its time', '22:00', 'America/Los_Angeles', '2026-05-11T05:00:00Z', '2026-05-10'],
    // Clocks go from 02:00 to 03:00 on 2026-03-29.
    ['a skipped time: not before the gap', '02:30', 'Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-28'],
    ['a skipped time: right after the gap', '02:30', 'Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29'],
    // Clocks go from 03:00 back to 02:00 on 2026-10-25.
    ['a repeated time: not before the first', '02:30', 'Europe/Berlin', '2026-10-25T00:29:59Z', '2026-10-24'],
    ['a repeated time: at the first', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25'],
    ['an evening after the change', '23:30', 'Europe/Berlin', '2026-10-25T22:30:00Z', '2026-10-25'],
    ['a zone whose midnight is skipped', '00:00', 'America/Santiago', '2026-09-06T04:00:00Z', '2026-09-06'],
  ])('%s', (_, time, zone, now, date) => {
    expect(run(time, zone, now)).toBe(date);
  });

  test('none that lies before the merchant', () => {
    expect(run('23:30', 'UTC', '2026-05-10T12:00:00Z', Date.parse('2026-05-10T09:00:00Z'))).toBeNull();
    expect(run('08:00', 'UTC', '2026-05-10T12:00:00Z', Date.parse('2026-05-10T09:00:00Z'))).toBeNull();
    expect(run('11:00', 'UTC', '2026-05-10T12:00:00Z', Date.parse('2026-05-10T09:00:00Z'))).toBe('2026-05-10');
  });
});
