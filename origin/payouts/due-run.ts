// Which day's scheduled run is due, by a merchant's own clock. Pure. A time that the clocks skip in spring comes when they have
// skipped it; one that they repeat in autumn comes the first time.

import { daysIn, minuteOfDay } from '../../core/windows/windows.ts';

export interface Schedule {
  /** `HH:MM`, local. */
  readonly time: string;
  /** IANA. */
  readonly zone: string;
}

/**
 * The local date of the newest run whose time has come: today's, or yesterday's where today's is still to come. Null where the
 * merchant did not exist then.
 */
export function dueRun({ time, zone }: Schedule, createdAtMs: number, nowMs: number): string | null {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const minute = hours * 60 + minutes;
  const today = daysIn(zone)(nowMs);
  const isDue = minuteOfDay(nowMs, today, zone) >= minute;
  const day = isDue ? today : daysIn(zone)(today.start_ms - 1);
  const created = daysIn(zone)(createdAtMs);
  const isYounger =
    created.date > day.date || (created.date === day.date && minuteOfDay(createdAtMs, created, zone) > minute);
  return isYounger ? null : day.date;
}
