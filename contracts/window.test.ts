// Windows and the time zones that they are in.

import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { timeZoneSchema } from './time-zone.ts';
import { windowSchema } from './window.ts';

test('what is left out has a meaning', () => {
  expect(windowSchema.parse({ per: 'day' })).toEqual({ per: 'day', time_zone: 'UTC' });
  expect(windowSchema.parse({ per: 'week' })).toEqual({ per: 'week', starts_on: 'monday', time_zone: 'UTC' });
  expect(windowSchema.parse({ per: 'month' })).toEqual({ per: 'month', starts_on: 1, time_zone: 'UTC' });
});

test.each([
  { per: 'month', starts_on: 31, time_zone: 'Asia/Kolkata' },
  { per: 'rolling', seconds: limits.rollingSecondsMin },
  { per: 'rolling', seconds: limits.rollingSecondsMax },
  { per: 'transaction' },
  { per: 'lifetime' },
])('%j is a window', (window) => {
  expect(windowSchema.parse(window)).toEqual(window);
});

describe('a time zone', () => {
  test('may be any that the platform names', () => {
    for (const zone of Intl.supportedValuesOf('timeZone'))
      expect(timeZoneSchema.safeParse(zone).success, zone).toBe(true);
  });

  test.each(['', 'Mars/Olympus', 'Europe/Berlin ', '+01:00', '-0330', 'Z'])('may not be %j', (zone) => {
    expect(timeZoneSchema.safeParse(zone).success).toBe(false);
  });
});
