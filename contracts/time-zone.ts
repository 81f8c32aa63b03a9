// Time zones by their IANA names.

import * as z from 'zod/mini';

export const timeZoneSchema = z
  .string()
  .check(z.refine(isTimeZone, { error: 'is not an IANA time zone, such as "Europe/Berlin"' }));

/** Names only: Intl also takes offsets such as "+01:00", which have no daylight changes and no place in a profile. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
