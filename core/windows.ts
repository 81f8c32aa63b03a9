// Where a window starts and ends. Time zones and their daylight changes are Temporal's business (temporal-polyfill: neither
// workerd nor Node has Temporal yet, and its function form adds only what is used to the edge bundle).

import * as Instant from 'temporal-polyfill/fns/Instant';
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import { daysOfWeek } from '../contracts/control.ts';
import type { Window } from '../contracts/window.ts';

/** From `start_ms`, and up to but not including `end_ms`. */
export interface Span {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** A window that starts and ends by the calendar; a lifetime is one that never does. */
export type CalendarWindow = Exclude<Window, { per: 'transaction' | 'rolling' }>;

/** The local day that holds an instant: 23 to 25 hours long where clocks change. */
export interface LocalDay extends Span {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** 0 is Monday. */
  readonly weekday: number;
}

const lifetime: Span = { start_ms: 0, end_ms: Number.MAX_SAFE_INTEGER };
const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * Caches of pure functions, shared by every card of the process: a span answers for every instant in it. By UTC day, because
 * no day touches more than a few spans; a card that is loaded asks for a month of them.
 */
const cacheDaysMax = 2_000;

function perSpan<T extends Span>(answer: (atMs: number) => T): (atMs: number) => T {
  const known = new Map<number, T[]>();
  let last: T | null = null;
  return (atMs) => {
    if (last !== null && holds(last, atMs)) return last;
    const day = Math.floor(atMs / dayMs);
    let ofDay = known.get(day);
    if (ofDay === undefined) {
      if (known.size >= cacheDaysMax) known.clear();
      ofDay = [];
      known.set(day, ofDay);
    }
    let found = ofDay.find((span) => holds(span, atMs));
    if (found === undefined) {
      found = answer(atMs);
      // Clocks that went back over midnight have given a day twice: such a span does not hold all that is asked for.
      if (!holds(found, atMs)) return found;
      ofDay.push(found);
    }
    last = found;
    return found;
  };
}

function holds({ start_ms, end_ms }: Span, atMs: number): boolean {
  return start_ms <= atMs && atMs < end_ms;
}

const days = new Map<string, (atMs: number) => LocalDay>();

/** The local days of a zone, by the instants in them. */
export function daysIn(timeZone: string): (atMs: number) => LocalDay {
  let known = days.get(timeZone);
  if (known === undefined) {
    known = perSpan((atMs) => localDay(atMs, timeZone));
    days.set(timeZone, known);
  }
  return known;
}

/** Minutes by the wall clock since its midnight. */
export function minuteOfDay(atMs: number, day: LocalDay, timeZone: string): number {
  // Most days have 24 hours, and then the wall clock is what has gone by.
  if (day.end_ms - day.start_ms === dayMs) return Math.floor((atMs - day.start_ms) / minuteMs);
  const { hour, minute } = zonedAt(atMs, timeZone);
  return hour * 60 + minute;
}

const spans = new Map<string, (atMs: number) => Span>();

/** The spans of a calendar window, by the instants in them. */
export function spansOf(window: CalendarWindow): (atMs: number) => Span {
  const key = JSON.stringify(window);
  let known = spans.get(key);
  if (known === undefined) {
    known = window.per === 'lifetime' ? () => lifetime : perSpan((atMs) => spanOf(window, atMs));
    spans.set(key, known);
  }
  return known;
}

function zonedAt(atMs: number, timeZone: string) {
  return Instant.toZonedDateTimeISO(Instant.fromEpochMilliseconds(atMs), timeZone);
}

function localDay(atMs: number, timeZone: string): LocalDay {
  const zoned = zonedAt(atMs, timeZone);
  const start = ZonedDateTime.startOfDay(zoned);
  return {
    start_ms: start.epochMilliseconds,
    end_ms: ZonedDateTime.startOfDay(ZonedDateTime.addDays(start, 1)).epochMilliseconds,
    date: new Date(Date.UTC(zoned.year, zoned.month - 1, zoned.day)).toISOString().slice(0, 10),
    weekday: ZonedDateTime.dayOfWeek(zoned) - 1,
  };
}

function spanOf(window: Exclude<CalendarWindow, { per: 'lifetime' }>, atMs: number): Span {
  const zoned = zonedAt(atMs, window.time_zone);
  const today = dayNumber(zoned.year, zoned.month, zoned.day);
  const { first, next } = daysOf(window, zoned, today);
  const midnight = (day: number) =>
    ZonedDateTime.startOfDay(ZonedDateTime.addDays(zoned, day - today)).epochMilliseconds;
  return { start_ms: midnight(first), end_ms: midnight(next) };
}

/** The window's first day and the day after its last, as numbers of days. Months count from 1, and 0 and 13 are the next years'. */
function daysOf(
  window: Exclude<CalendarWindow, { per: 'lifetime' }>,
  { year, month, day }: { year: number; month: number; day: number },
  today: number,
): { first: number; next: number } {
  switch (window.per) {
    case 'day':
      return { first: today, next: today + 1 };
    case 'week': {
      // Day 0, 1970-01-01, was a Thursday.
      const weekday = (((today + 3) % 7) + 7) % 7;
      const first = today - ((weekday - daysOfWeek.indexOf(window.starts_on) + 7) % 7);
      return { first, next: first + 7 };
    }
    case 'month': {
      const startOf = (ofMonth: number) =>
        dayNumber(year, ofMonth, Math.min(window.starts_on, daysInMonth(year, ofMonth)));
      const begun = day >= Math.min(window.starts_on, daysInMonth(year, month)) ? month : month - 1;
      return { first: startOf(begun), next: startOf(begun + 1) };
    }
    case 'year':
      return { first: dayNumber(year, 1, 1), next: dayNumber(year + 1, 1, 1) };
  }
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
