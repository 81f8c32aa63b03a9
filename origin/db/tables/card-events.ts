// What cards say, and what came of each authorization.

import { sql } from 'drizzle-orm';
import { boolean, json, pgTable, text } from 'drizzle-orm/pg-core';
import type { Merchant } from '../../../contracts/authorization-request.ts';
import type { CardEvent } from '../../../contracts/card-event.ts';
import { at, big, count } from './columns.ts';

export const card_streams = pgTable('card_streams', {
  stream_id: big('stream_id').primaryKey().generatedAlwaysAsIdentity(),
  network: text().notNull(),
  card_token: text().notNull(),
  applied_sequence: count('applied_sequence').notNull().default(0),
  seen_sequence: count('seen_sequence').notNull().default(0),
  set_back_since: at('set_back_since'),
  withheld_minor: big('withheld_minor'),
  has_gap: boolean().notNull().generatedAlwaysAs(sql`seen_sequence > applied_sequence`),
  created_at: at('created_at').notNull().defaultNow(),
});

export const card_events = pgTable('card_events', {
  stream_id: big('stream_id').notNull(),
  sequence: count('sequence').notNull(),
  kind: text({ enum: ['authorization', 'message', 'void', 'expiry', 'profile', 'unreadable'] }).notNull(),
  event_id: text(),
  at_ms: count('at_ms'),
  authorization_id: text(),
  body: json().$type<CardEvent>(),
  received_at: at('received_at').notNull().defaultNow(),
});

export const authorizations = pgTable('authorizations', {
  authorization_id: text().primaryKey(),
  stream_id: big('stream_id').notNull(),
  ledger_account_no: big('ledger_account_no').notNull(),
  currency: text().notNull(),
  merchant: json().$type<Merchant>(),
  status: text({ enum: ['approved', 'declined', 'held', 'posted', 'released'] }).notNull(),
  reason: text(),
  requested_minor: big('requested_minor').notNull(),
  held_minor: big('held_minor').notNull(),
  posted_minor: big('posted_minor').notNull(),
  opened_at_ms: count('opened_at_ms').notNull(),
  updated_at_ms: count('updated_at_ms').notNull(),
  joined_into: text(),
  joined_posted_minor: big('joined_posted_minor').notNull().default(0n),
  approved_minor: big('approved_minor'),
  network_merchant_id: text(),
});
