// What waits for a person, and events and facts that are kept together under one item.

import { integer, json, numeric, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big, count } from './columns.ts';

export const open_items = pgTable('open_items', {
  open_item_no: big('open_item_no').generatedAlwaysAsIdentity(),
  open_item_id: text().notNull(),
  kind: text().notNull(),
  item_key: text().notNull(),
  status: text().notNull().default('open'),
  summary: text().notNull(),
  amount_minor: big('amount_minor'),
  currency: text(),
  merchant_id: text(),
  settlement_id: text(),
  authorization_id: text(),
  card_key: text(),
  provider: text(),
  evidence: json().notNull(),
  times: integer().notNull().default(1),
  opened_at: at('opened_at').notNull().defaultNow(),
  last_seen_at: at('last_seen_at').notNull().defaultNow(),
  closed_at: at('closed_at'),
  resolution: text(),
  result: json(),
  source: text(),
  action: json(),
  claimed_by: text(),
  claimed_until: at('claimed_until'),
});

export const events_given_up = pgTable('events_given_up', {
  stream_id: big('stream_id').notNull(),
  sequence: count('sequence').notNull(),
  open_item_id: text().notNull(),
  body: json().notNull(),
  given_up_at: at('given_up_at').notNull().defaultNow(),
});

export const events_kept_together = pgTable('events_kept_together', {
  event_no: big('event_no').generatedAlwaysAsIdentity(),
  item_key: text().notNull(),
  kind: text().notNull(),
  event_id: text().notNull(),
  card_key: text().notNull(),
  authorization_id: text(),
  network_merchant_id: text(),
  amount_minor: big('amount_minor'),
  currency: text(),
  card_currency: text(),
  body: json().notNull(),
  raised_at: at('raised_at').notNull().defaultNow(),
  done_at: at('done_at'),
  result: json(),
});

export const events_together_sums = pgTable('events_together_sums', {
  item_key: text().notNull(),
  currency: text().notNull(),
  card_currency: text().notNull(),
  events: count('events').notNull(),
  amount_minor: numeric({ precision: 40, scale: 0 }).notNull(),
  left_events: count('left_events').notNull(),
  left_minor: numeric({ precision: 40, scale: 0 }).notNull(),
});

export const facts_kept_together = pgTable('facts_kept_together', {
  fact_no: big('fact_no').generatedAlwaysAsIdentity(),
  item_key: text().notNull(),
  fact_key: text().notNull(),
  network: text().notNull(),
  card_key: text(),
  message_key: text(),
  amount_minor: big('amount_minor'),
  currency: text(),
  body: json().notNull(),
  received_at: at('received_at').notNull(),
  taken_at: at('taken_at'),
});

export const facts_together_sums = pgTable('facts_together_sums', {
  item_key: text().notNull(),
  currency: text().notNull(),
  facts: count('facts').notNull(),
  amount_minor: numeric({ precision: 40, scale: 0 }).notNull(),
});

export const streams_in_suspense = pgTable('streams_in_suspense', {
  stream_id: big('stream_id').notNull(),
  currency: text().notNull(),
  since: at('since').notNull().defaultNow(),
});
