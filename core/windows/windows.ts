// Where a window starts and ends. Which local time an instant has is the platform's business (`time-zone.ts`).

import { daysOfWeek } from '../../contracts/control.ts';
import type { Window } from '../../contracts/window.ts';
import { dayMs, localTimeAt, minuteMs, startOfDay } from './time-zone.ts';

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
  return Math.floor(localTimeAt(timeZone, atMs).ofDayMs / minuteMs);
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

function localDay(atMs: number, timeZone: string): LocalDay {
  const { day } = localTimeAt(timeZone, atMs);
  return {
    start_ms: startOfDay(timeZone, day),
    end_ms: startOfDay(timeZone, day + 1),
    date: new Date(day * dayMs).toISOString().slice(0, 10),
    weekday: weekdayOf(day),
  };
}

function spanOf(window: Exclude<CalendarWindow, { per: 'lifetime' }>, atMs: number): Span {
  const { day } = localTimeAt(window.time_zone, atMs);
  const { first, next } = daysOf(window, day);
  return { start_ms: startOfDay(window.time_zone, first), end_ms: startOfDay(window.time_zone, next) };
}

/** The window's first day and the day after its last, as numbers of days. Months count from 1, and 0 and 13 are the next years'. */
function daysOf(window: Exclude<CalendarWindow, { per: 'lifetime' }>, today: number): { first: number; next: number } {
  const date = new Date(today * dayMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  switch (window.per) {
    case 'day':
      return { first: today, next: today + 1 };
    case 'week': {
      const first = today - ((weekdayOf(today) - daysOfWeek.indexOf(window.starts_on) + 7) % 7);
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

/** 0 is Monday. Day 0, 1970-01-01, was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
