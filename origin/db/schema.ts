// The tables as drizzle sees them, for simple reads and writes. migrations/ is the truth; a test compares the two.

import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, json, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Merchant } from '../../contracts/authorization-request.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import type { Control } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { WrittenControl } from '../controls/read-controls.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
/** Money and whatever else may pass 2^53. */
const big = (name: string) => bigint(name, { mode: 'bigint' });
/** Counts and instants, which stay far below 2^53. */
const count = (name: string) => bigint(name, { mode: 'number' });

export const accounts = pgTable('accounts', {
  account_id: text().primaryKey(),
  name: text().notNull(),
  currency: text().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const cards = pgTable('cards', {
  card_id: text().primaryKey(),
  account_id: text().notNull(),
  network: text().notNull(),
  card_token: text().notNull(),
  profile: json().$type<Profile>().notNull(),
  profile_version: integer().notNull(),
  edge_version: integer().notNull().default(0),
  created_at: at('created_at').notNull().defaultNow(),
  controls: json().$type<WrittenControl[]>().notNull().default([]),
  control_set_id: text(),
  control_set_version: integer(),
});

export const control_sets = pgTable('control_sets', {
  control_set_id: text().primaryKey(),
  name: text().notNull(),
  newest_version: integer().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const control_set_versions = pgTable('control_set_versions', {
  control_set_id: text().notNull(),
  version: integer().notNull(),
  controls: json().$type<WrittenControl[]>().notNull(),
  resolved: json().$type<Control[]>().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const card_profiles = pgTable('card_profiles', {
  card_id: text().notNull(),
  version: integer().notNull(),
  controls: json().$type<WrittenControl[]>().notNull(),
  control_set_id: text(),
  control_set_version: integer(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const edge_outbox = pgTable('edge_outbox', {
  card_id: text().primaryKey(),
  version: integer().notNull(),
  attempts: integer().notNull().default(0),
  next_attempt_at: at('next_attempt_at').notNull().defaultNow(),
  last_error: text(),
  created_at: at('created_at').notNull().defaultNow(),
  is_bulk: boolean().notNull().default(false),
});

export const ledger_accounts = pgTable('ledger_accounts', {
  ledger_account_no: big('ledger_account_no').primaryKey().generatedAlwaysAsIdentity(),
  ledger_account_id: text().notNull(),
  kind: text({
    enum: ['cardholder', 'network_clearing', 'funding_source', 'suspense', 'merchant_payable', 'provider_transit'],
  }).notNull(),
  currency: text().notNull(),
  account_id: text(),
  network: text(),
  merchant_id: text(),
  provider: text(),
  never_overdrawn: boolean().notNull().default(false),
  created_at: at('created_at').notNull().defaultNow(),
});

export const ledger_balances = pgTable('ledger_balances', {
  ledger_account_no: big('ledger_account_no').primaryKey(),
  currency: text().notNull(),
  debits_pending: big('debits_pending').notNull().default(0n),
  credits_pending: big('credits_pending').notNull().default(0n),
  debits_posted: big('debits_posted').notNull().default(0n),
  credits_posted: big('credits_posted').notNull().default(0n),
  never_overdrawn: boolean().notNull().default(false),
});

export const ledger_transfers = pgTable('ledger_transfers', {
  transfer_no: big('transfer_no').primaryKey().generatedAlwaysAsIdentity(),
  transfer_id: text().notNull(),
  debit_account_no: big('debit_account_no').notNull(),
  credit_account_no: big('credit_account_no').notNull(),
  amount_minor: big('amount_minor').notNull(),
  currency: text().notNull(),
  kind: text({ enum: ['pending', 'post', 'void', 'direct'] }).notNull(),
  authorization_id: text(),
  event_id: text(),
  stream_id: big('stream_id'),
  sequence: count('sequence'),
  settlement_id: text(),
  event_at_ms: count('event_at_ms').notNull(),
  booked_at: at('booked_at').notNull().defaultNow(),
});

export const card_streams = pgTable('card_streams', {
  stream_id: big('stream_id').primaryKey().generatedAlwaysAsIdentity(),
  network: text().notNull(),
  card_token: text().notNull(),
  applied_sequence: count('applied_sequence').notNull().default(0),
  seen_sequence: count('seen_sequence').notNull().default(0),
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
});
