// A card's event as it travels or lies somewhere, read. An older edge may have written what is refused today (a shop's name with
// half a character): such an event is read with its decorations read anew, so that what money did is never lost for a name.

import type * as z from 'zod/mini';
import { type CardEvent, cardEventSchema } from './card-event.ts';
import { type Fields, isFields, messageRead, requestRead } from './decorations.ts';
import { plain } from './text.ts';

/** `raw`: the event to keep, which is another one only where it had to be read anew. */
export type StoredEvent = { event: CardEvent; raw: unknown } | { error: z.core.$ZodError };

export function readStoredEvent(raw: unknown): StoredEvent {
  const parsed = cardEventSchema.safeParse(raw);
  if (parsed.success) return { event: parsed.data, raw };
  const anew = readAnew(raw);
  const repaired = cardEventSchema.safeParse(anew);
  return repaired.success ? { event: repaired.data, raw: anew } : { error: parsed.error };
}

function readAnew(raw: unknown): unknown {
  const clean = plainTexts(raw, 0);
  if (!isFields(clean)) return clean;
  if (clean['kind'] === 'authorization') return { ...clean, request: requestRead(clean['request'], new Set()) };
  return clean['kind'] === 'message' ? { ...clean, message: messageRead(clean['message'], new Set()) } : clean;
}

/** Deeper than any event of ours: what lies below is left as it is, for the schema to refuse. */
const depthMax = 20;

/** The same value with every text in it fit to be kept. */
function plainTexts(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plain(value);
  if (depth === depthMax) return value;
  if (Array.isArray(value)) return value.map((item) => plainTexts(item, depth + 1));
  if (!isFields(value)) return value;
  const fields: Fields = value;
  return Object.fromEntries(Object.entries(fields).map(([name, inside]) => [name, plainTexts(inside, depth + 1)]));
}
