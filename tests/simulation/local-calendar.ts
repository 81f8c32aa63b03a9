// The model's own calendar: which local date an instant has, read off Intl, and which window that date is in. No spans, no
// arithmetic with offsets, and nothing of core's: two instants are in one window where their labels are equal.

import type { Window } from '../../contracts/window.ts';

export interface LocalTime {
  /** Local date as a count of days from 1970-01-01. */
  readonly day_number: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Of the day, by the wall clock, at the start of the quarter of an hour. */
  readonly minute: number;
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const quarterMs = 900_000;
const cacheEntriesMax = 20_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const known = new Map<string, Map<number, LocalTime>>();

/** The wall clock at the start of the quarter that holds the instant: offsets change on quarters only. */
export function localTime(timeZone: string, atMs: number): LocalTime {
  let ofZone = known.get(timeZone);
  if (ofZone === undefined) {
    ofZone = new Map();
    known.set(timeZone, ofZone);
  }
  const quarter = Math.floor(atMs / quarterMs);
  let local = ofZone.get(quarter);
  if (local === undefined) {
    local = read(timeZone, quarter * quarterMs);
    if (ofZone.size >= cacheEntriesMax) ofZone.clear();
    ofZone.set(quarter, local);
  }
  return local;
}

export function minuteOfDay(timeZone: string, atMs: number): number {
  return localTime(timeZone, atMs).minute + Math.floor((atMs % quarterMs) / 60_000);
}

export function weekdayOf({ day_number }: LocalTime): number {
  // 1970-01-01 was a Thursday.
  return (day_number + 3) % 7;
}

function read(timeZone: string, atMs: number): LocalTime {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const numeric = 'numeric';
    const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...parts });
    formats.set(timeZone, format);
  }
  const of: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(atMs)) of[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = of;
  const noon = new Date(Date.UTC(year, month - 1, day));
  return {
    day_number: noon.getTime() / 86_400_000,
    ...{ year, month, day },
    minute: hour * 60 + minute,
    date: noon.toISOString().slice(0, 10),
  };
}

export type CalendarWindow = Exclude<Window, { per: 'transaction' | 'rolling' }>;

/** The name of the window that holds an instant, among the windows of its kind. */
export function windowLabel(window: CalendarWindow, atMs: number): number {
  if (window.per === 'lifetime') return 0;
  const local = localTime(window.time_zone, atMs);
  switch (window.per) {
    case 'day':
      return local.day_number;
    case 'week': {
      // Back to the day on which the week starts.
      let first = local.day_number;
      while (weekdays[(first + 3) % 7] !== window.starts_on) first--;
      return first;
    }
    case 'month': {
      const lastDay = new Date(Date.UTC(local.year, local.month, 0)).getUTCDate();
      const hasBegun = local.day >= window.starts_on || local.day === lastDay;
      return local.year * 12 + local.month - (hasBegun ? 0 : 1);
    }
    case 'year':
      return local.year;
  }
}
