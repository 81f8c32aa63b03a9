// Local dates and the first days of windows by the platform's own calendar, for tests: slow, and no code of `windows.ts`.

import type { Window } from '../../contracts/window.ts';

const dates = new Map<string, Intl.DateTimeFormat>();

/** The local date, by the platform's own calendar. */
export function dateIn(timeZone: string, atMs: number): string {
  const options = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const format = dates.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', options);
  dates.set(timeZone, format);
  return format.format(atMs);
}

/** The date on which a window starts: day by day back from the present, until one is its first. */
export function firstDateOf(window: Extract<Window, { time_zone: string }>, atMs: number): string {
  let date = new Date(`${dateIn(window.time_zone, atMs)}T00:00:00Z`);
  while (!isFirst(window, date)) date = new Date(date.getTime() - 86_400_000);
  return date.toISOString().slice(0, 10);
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function isFirst(window: Extract<Window, { time_zone: string }>, date: Date): boolean {
  const tomorrow = new Date(date.getTime() + 86_400_000);
  switch (window.per) {
    case 'day':
      return true;
    case 'week':
      return weekdays[date.getUTCDay()] === window.starts_on;
    case 'month':
      return (
        date.getUTCDate() === window.starts_on || (tomorrow.getUTCDate() === 1 && date.getUTCDate() < window.starts_on)
      );
    case 'year':
      return date.getUTCMonth() === 0 && date.getUTCDate() === 1;
  }
}
