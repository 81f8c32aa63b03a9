// Local time in IANA time zones, read off the platform's own calendar (Intl), which knows every change of a zone's clock. Not
// temporal-polyfill: it was a tenth of the edge's bundle for two questions, and every kilobyte is parsed before a card is answered.
// The tests hold both answers against it, for every zone.

export const dayMs = 86_400_000;
export const minuteMs = 60_000;
const secondMs = 1_000;

export interface LocalTime {
  /** The local date as days since 1970-01-01. */
  readonly day: number;
  /** What the wall clock shows, in milliseconds since 00:00. */
  readonly ofDayMs: number;
}

export function localTimeAt(timeZone: string, atMs: number): LocalTime {
  const localMs = atMs + offsetMs(timeZone, atMs);
  const day = Math.floor(localMs / dayMs);
  return { day, ofDayMs: localMs - day * dayMs };
}

/**
 * The first instant of a local date: midnight; the first of two where clocks go back over it; where they skip it (or the whole
 * date), the instant at which they do. Example: Beirut goes from 2026-03-28 23:59:59 to 2026-03-29 01:00, which is that day's start.
 */
export function startOfDay(timeZone: string, day: number): number {
  const midnightMs = day * dayMs;
  // No zone changes its clock twice within two days, so one of these two holds at midnight.
  const before = offsetMs(timeZone, midnightMs - dayMs);
  const after = offsetMs(timeZone, midnightMs + dayMs);
  const [early, late] = [midnightMs - Math.max(before, after), midnightMs - Math.min(before, after)];
  if (early + offsetMs(timeZone, early) === midnightMs) return early;
  if (late + offsetMs(timeZone, late) === midnightMs) return late;
  // Skipped: the wall clock shows less than midnight up to the change, and more from it on.
  let [shown, skipped] = [early, late];
  while (skipped - shown > 1) {
    const middle = Math.floor((shown + skipped) / 2);
    if (middle + offsetMs(timeZone, middle) < midnightMs) shown = middle;
    else skipped = middle;
  }
  return skipped;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** How far the wall clock is ahead of UTC. */
function offsetMs(timeZone: string, atMs: number): number {
  if (timeZone === 'UTC') return 0;
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    const numeric = 'numeric';
    const date = { era: 'short', year: numeric, month: numeric, day: numeric } as const;
    const time = { hour: numeric, minute: numeric, second: numeric, hourCycle: 'h23' } as const;
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      ...date,
      ...time,
    });
    clocks.set(timeZone, clock);
  }
  const shown: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(atMs)) shown[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown;
  // What the clock shows has no milliseconds: neither has what it is compared with.
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / secondMs) * secondMs;
}
