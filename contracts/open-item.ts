// Open items as operators see them over HTTP: everything that needs a person.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';

export const openItemStatuses = ['open', 'resolved', 'dismissed'] as const;

const text = z.nullable(z.string());
const named = z.record(z.string(), z.unknown());

export const openItemSchema = z.strictObject({
  open_item_id: idSchema('oit'),
  /** As `booked_twice`; new kinds may come. */
  kind: z.string(),
  /** What such an item means, in a sentence. */
  means: z.string(),
  /** Where it came in, as a queue's or network's name; null where its kind says enough. */
  source: text,
  status: z.enum(openItemStatuses),
  /** What happened, in a sentence. */
  summary: z.string(),
  /** Null where no money is concerned; below zero where money is missing. */
  amount_minor: z.nullable(z.int()),
  currency: text,
  merchant_id: text,
  settlement_id: text,
  authorization_id: text,
  /** `<network>:<card token>`. */
  card_key: text,
  provider: text,
  /** How often it was seen. */
  times: z.int(),
  opened_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  closed_at: z.nullable(z.iso.datetime()),
  /** The action that closed it; `gone` where what it said was no longer so. */
  resolution: text,
  /** What that action came to. */
  result: z.nullable(named),
  /** An action that was begun and has not come to its end: the same one must be asked for again. */
  under_way: z.nullable(z.strictObject({ name: z.string(), input: named, actor: z.string(), at: z.string() })),
});
export type OpenItem = z.infer<typeof openItemSchema>;

export const wholeOpenItemSchema = z.extend(openItemSchema, {
  /** All that was seen, with digits that may be a card's masked. */
  evidence: z.unknown(),
  /** What can be done about it; none once it is closed. `input_schema`: JSON Schema of the action's `input`. */
  actions: z.array(z.strictObject({ name: z.string(), summary: z.string(), input_schema: named })),
  /** Who did what about it, the first first. */
  history: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      actor: z.string(),
      action: z.string(),
      reason: z.string(),
      correlation_id: z.string(),
    }),
  ),
});
export type WholeOpenItem = z.infer<typeof wholeOpenItemSchema>;

/** Kinds of which none is open are left out. */
export const openItemCountsSchema = z.strictObject({
  open: z.int(),
  kinds: z.array(z.strictObject({ kind: z.string(), open: z.int(), oldest_age_seconds: z.int() })),
});
export type OpenItemCounts = z.infer<typeof openItemCountsSchema>;

/** What acting on a group came to: `refused` and `not_now` stay open, `skipped` are in somebody else's hands. */
export const openItemsActedSchema = z.strictObject({
  closed: z.int(),
  refused: z.int(),
  not_now: z.int(),
  skipped: z.int(),
  /** Not null: there may be more; ask again with it. */
  next_cursor: text,
});
export type OpenItemsActed = z.infer<typeof openItemsActedSchema>;
