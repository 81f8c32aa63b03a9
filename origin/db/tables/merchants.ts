// What merchants are owed, and what is not owed to anybody yet.

import { sql } from 'drizzle-orm';
import { boolean, date, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big, count } from './columns.ts';

export const merchants = pgTable('merchants', {
  merchant_no: big('merchant_no').generatedAlwaysAsIdentity(),
  merchant_id: text().notNull(),
  name: text().notNull(),
  currency: text().notNull(),
  network_merchant_ids: text().array().notNull().default(sql`'{}'::text[]`),
  destinations: jsonb().notNull().default(sql`'{}'::jsonb`),
  schedule_time: text(),
  schedule_zone: text(),
  created_at: at('created_at').notNull().defaultNow(),
  ids_taken_up: boolean().notNull().default(false),
  destinations_set_at: at('destinations_set_at'),
  destinations_payable_from: at('destinations_payable_from'),
});

export const merchant_accruals = pgTable('merchant_accruals', {
  merchant_id: text().notNull(),
  deficit_minor: big('deficit_minor').notNull().default(0n),
});

export const accrual_head = pgTable('accrual_head', {
  only_row: boolean().notNull().default(true),
  seal_no: big('seal_no').notNull(),
});

export const unassigned_clearings = pgTable('unassigned_clearings', {
  network_merchant_id: text().notNull(),
  clearing_no: big('clearing_no').notNull(),
  net_minor: big('net_minor').notNull(),
  clearings: count('clearings').notNull(),
  authorization_ids: text().array().notNull(),
  refused_merchant_id: text(),
  first_at: at('first_at').notNull().defaultNow(),
  last_at: at('last_at').notNull().defaultNow(),
  raised_minor: big('raised_minor'),
  shop_no: big('shop_no').generatedAlwaysAsIdentity(),
});

export const unapproved_clearings = pgTable('unapproved_clearings', {
  stream_id: big('stream_id').notNull(),
  sequence: count('sequence').notNull(),
  authorization_id: text().notNull(),
  holder_no: big('holder_no').notNull(),
  clearing_no: big('clearing_no').notNull(),
  amount_minor: big('amount_minor').notNull(),
  left_minor: big('left_minor').notNull(),
  state: text().notNull().default('new'),
  network_merchant_id: text(),
  reason: text(),
  booked_at: at('booked_at').notNull().defaultNow(),
});

export const unapproved_sums = pgTable('unapproved_sums', {
  clearing_no: big('clearing_no').notNull(),
  stream_id: big('stream_id').notNull(),
  day: date().notNull(),
  passed_minor: big('passed_minor').notNull(),
});

export const withheld_clearings = pgTable('withheld_clearings', {
  network_merchant_id: text().notNull(),
  clearing_no: big('clearing_no').notNull(),
  left_minor: big('left_minor').notNull(),
  clearings: count('clearings').notNull(),
  merchant_id: text(),
  first_at: at('first_at').notNull().defaultNow(),
  last_at: at('last_at').notNull().defaultNow(),
  raised_minor: big('raised_minor'),
});

export const unmatched_refunds = pgTable('unmatched_refunds', {
  stream_id: big('stream_id').notNull(),
  sequence: count('sequence').notNull(),
  authorization_id: text().notNull(),
  holder_no: big('holder_no').notNull(),
  clearing_no: big('clearing_no').notNull(),
  amount_minor: big('amount_minor').notNull(),
  left_minor: big('left_minor').notNull(),
  state: text().notNull().default('new'),
  network_merchant_id: text(),
  reason: text(),
  booked_at: at('booked_at').notNull().defaultNow(),
  card_withholds: boolean().notNull().default(false),
  released_by: text(),
  released_at: at('released_at'),
  tell_at: at('tell_at'),
});

export const unmatched_sums = pgTable('unmatched_sums', {
  clearing_no: big('clearing_no').notNull(),
  stream_id: big('stream_id').notNull(),
  day: date().notNull(),
  passed_minor: big('passed_minor').notNull(),
});

export const unmatched_shop_sums = pgTable('unmatched_shop_sums', {
  clearing_no: big('clearing_no').notNull(),
  network_merchant_id: text().notNull(),
  day: date().notNull(),
  passed_minor: big('passed_minor').notNull(),
});

export const withheld_refunds = pgTable('withheld_refunds', {
  network_merchant_id: text().notNull(),
  clearing_no: big('clearing_no').notNull(),
  left_minor: big('left_minor').notNull(),
  refunds: count('refunds').notNull(),
  merchant_id: text(),
  first_at: at('first_at').notNull().defaultNow(),
  last_at: at('last_at').notNull().defaultNow(),
  raised_minor: big('raised_minor'),
});

export const withheld_amounts = pgTable('withheld_amounts', {
  kind: text().notNull(),
  item_key: text().notNull(),
  merchant_id: text().notNull(),
  amount_minor: big('amount_minor').notNull(),
  withheld_at: at('withheld_at').notNull().defaultNow(),
});
