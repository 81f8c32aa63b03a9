// Settlements, what was said to and by their providers, and what came back.

import { sql } from 'drizzle-orm';
import { boolean, date, integer, json, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big } from './columns.ts';

export const settlements = pgTable('settlements', {
  settlement_no: big('settlement_no').generatedAlwaysAsIdentity(),
  settlement_id: text().notNull(),
  merchant_id: text().notNull(),
  amount_minor: big('amount_minor').notNull(),
  currency: text().notNull(),
  destinations: jsonb().notNull().default(sql`'{}'::jsonb`),
  reference: text().notNull().default(''),
  run_id: text(),
  state: text().notNull().default('queued'),
  step: text().notNull().default('reserve'),
  provider: text(),
  provider_reference: text(),
  submissions: integer().notNull().default(0),
  outcome_unknown: boolean().notNull().default(false),
  polls: integer().notNull().default(0),
  attempts: integer().notNull().default(0),
  failure_code: text(),
  failure_kind: text(),
  dead_lettered_at: at('dead_lettered_at'),
  due_at: at('due_at').notNull().defaultNow(),
  lease_owner: text(),
  lease_until: at('lease_until'),
  created_at: at('created_at').notNull().defaultNow(),
  updated_at: at('updated_at').notNull().defaultNow(),
  final_at: at('final_at'),
  changed_by: text().notNull(),
  change_reason: text().notNull().default(''),
  correlation_id: text().notNull(),
  payable_from: at('payable_from'),
  trace_parent: text(),
});

export const settlement_runs = pgTable('settlement_runs', {
  run_id: text().notNull(),
  merchant_id: text().notNull(),
  local_date: date().notNull(),
  state: text().notNull().default('open'),
  accrued_minor: big('accrued_minor').notNull().default(0n),
  settlement_id: text(),
  created_at: at('created_at').notNull().defaultNow(),
  done_at: at('done_at'),
  due_at: at('due_at').notNull().defaultNow(),
});

export const settlement_returns = pgTable('settlement_returns', {
  settlement_return_no: big('settlement_return_no').generatedAlwaysAsIdentity(),
  settlement_return_id: text().notNull(),
  settlement_id: text().notNull(),
  merchant_id: text().notNull(),
  provider: text().notNull(),
  provider_reference: text().notNull(),
  stated_minor: big('stated_minor'),
  amount_minor: big('amount_minor').notNull(),
  currency: text().notNull(),
  reason_code: text().notNull(),
  occurred_at: at('occurred_at'),
  booked_by: text().notNull(),
  evidence: json().notNull(),
  booked_at: at('booked_at').notNull().default(sql`clock_timestamp()`),
});

export const provider_exchanges = pgTable('provider_exchanges', {
  exchange_no: big('exchange_no').generatedAlwaysAsIdentity(),
  settlement_id: text().notNull(),
  submission: integer().notNull(),
  provider: text().notNull(),
  kind: text().notNull(),
  outcome: text().notNull(),
  detail: text().notNull().default(''),
  duration_ms: integer(),
  at: at('at').notNull().default(sql`clock_timestamp()`),
});

export const provider_webhooks = pgTable('provider_webhooks', {
  provider: text().notNull(),
  webhook_id: text().notNull(),
  body: text().notNull(),
  word: json(),
  received_at: at('received_at').notNull().defaultNow(),
  processed_at: at('processed_at'),
  outcome: text(),
  waits_for: text(),
});

export const destination_cooling = pgTable('destination_cooling', {
  only_row: boolean().notNull().default(true),
  hours: integer().notNull().default(24),
});
