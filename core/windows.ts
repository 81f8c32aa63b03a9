// Where a window starts and ends. Time zones and their daylight changes are Temporal's business (temporal-polyfill: neither
// workerd nor Node has Temporal yet, and its function form adds only what is used to the edge bundle).

import * as Instant from 'temporal-polyfill/fns/Instant';
import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';

/** From `start_ms`, and up to but not including `end_ms`. */
export interface Span {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** The last span answered for each zone: nearly every question is about today. A cache of a pure function. */
const lastDay = new Map<string, Span>();

/** The local day that holds the instant; 23 to 25 hours long where clocks change. */
export function dayOf(atMs: number, timeZone: string): Span {
  const last = lastDay.get(timeZone);
  if (last !== undefined && last.start_ms <= atMs && atMs < last.end_ms) return last;
  const start = ZonedDateTime.startOfDay(Instant.toZonedDateTimeISO(Instant.fromEpochMilliseconds(atMs), timeZone));
  const end = ZonedDateTime.startOfDay(ZonedDateTime.addDays(start, 1));
  const span = { start_ms: start.epochMilliseconds, end_ms: end.epochMilliseconds };
  lastDay.set(timeZone, span);
  return span;
}
