// A card's event as this release reads it, perhaps written by a newer edge. A field that it does not know is kept and passed over. A word that it
// does not know where it must know one (a kind, a reason of a list, a version) is of a newer release: nothing is guessed and nothing passed
// over, its card waits for a release that can read it. What no release would write is unreadable.

import type * as z from 'zod/mini';
import { type CardEvent, cardEventSchema } from '../../contracts/card-event.ts';
import { isFields } from '../../contracts/decorations.ts';
import { readStoredEvent } from '../../contracts/stored-event.ts';

/** `raw`: what is kept, with what was passed over. */
export type EventRead =
  | { readonly event: CardEvent; readonly raw: unknown }
  | { readonly error: z.core.$ZodError; readonly isOfNewer: boolean };

export function readEvent(raw: unknown): EventRead {
  const read = cardEventSchema.safeParse(raw);
  if (read.success) return { event: read.data, raw };
  // It says itself that nothing in it may be taken for what it seems.
  if (isFields(raw) && 'version' in raw) return { error: read.error, isOfNewer: isNewerVersion(raw['version']) };
  const known = withoutUnknown(raw, read.error);
  const again = known === raw ? read : cardEventSchema.safeParse(known);
  if (again.success) return { event: again.data, raw };
  // Of an old edge: its decorations are read anew, and only what is known of it is kept.
  const anew = readStoredEvent(known);
  if ('event' in anew) return anew;
  return { error: anew.error, isOfNewer: anew.error.issues.every((issue) => isUnknownWord(raw, issue)) };
}

/** Ours is 1, and older ones said none. */
export function isNewerVersion(version: unknown): boolean {
  return Number.isSafeInteger(version) && Number(version) > 1;
}

/** A name of ours in its form, at a place where one of a list is asked for. */
function isUnknownWord(raw: unknown, issue: z.core.$ZodIssue): boolean {
  const value = issue.path.reduce<unknown>(
    (within, name) => (Object(within) as Record<PropertyKey, unknown>)[name],
    raw,
  );
  if (typeof value !== 'string' || !/^[a-z][a-z0-9_]{0,63}$/.test(value)) return false;
  if (issue.code === 'invalid_union') return 'discriminator' in issue && issue.discriminator !== undefined;
  return issue.code === 'invalid_value' && issue.values.every((known) => typeof known === 'string');
}

/** A copy without the fields that the schema does not name. */
function withoutUnknown(raw: unknown, { issues }: z.core.$ZodError): unknown {
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [issue] : []));
  if (unknown.length === 0) return raw;
  const copy: unknown = structuredClone(raw);
  for (const { path, keys } of unknown) {
    const holder = path.reduce<unknown>((within, name) => (Object(within) as Record<PropertyKey, unknown>)[name], copy);
    if (isFields(holder)) for (const key of keys) delete (holder as Record<string, unknown>)[key];
  }
  return copy;
}
