// Whether two entries are one booking told twice (the report of the day, then the statement) or two bookings of one payment.

import * as z from 'zod';

/** How a booking is known again: what the bank calls it, and where it stood. */
export const sightingSchema = z.object({
  kind: z.string(),
  /** A digest of the file. */
  file: z.string(),
  /** Of the entry in the file, and of the transaction in the entry. */
  entry: z.number(),
  transaction: z.number(),
  entry_reference: z.nullable(z.string()),
  servicer_references: z.object({ entry: z.nullable(z.string()), transaction: z.nullable(z.string()) }),
  booked_on: z.nullable(z.string()),
  amount_minor: z.string(),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** Many banks only number a file's entries: 3 in the report of the day may be 1 in the statement. */
const isRunningNumber = (reference: string) => /^\d{1,6}$/.test(reference);

export function isSameBooking(one: Sighting, other: Sighting): boolean {
  const [a, b] = [one.servicer_references, other.servicer_references];
  if (a.transaction !== null && a.transaction === b.transaction) return true;
  const isSameFile = one.file === other.file;
  if (isSameFile && one.entry === other.entry) return one.transaction === other.transaction;
  // The bank's own id of an entry is the same wherever it tells of the entry.
  if (a.entry !== null && a.entry === b.entry) return true;
  if (a.entry !== null && b.entry !== null) return false;
  if (a.transaction !== null && b.transaction !== null) return false;
  const [mine, theirs] = [one.entry_reference, other.entry_reference];
  if (mine !== null && theirs !== null) {
    const areNumbers = isRunningNumber(mine) && isRunningNumber(theirs);
    if (isSameFile) return mine === theirs;
    if (!areNumbers && mine === theirs) return true;
    if (!areNumbers && one.kind === other.kind) return false;
  }
  // Nothing names it: two entries of one file are two, and so are those of two days.
  if (isSameFile) return false;
  return one.booked_on === null || other.booked_on === null || one.booked_on === other.booked_on;
}
