// The tables of the second half as drizzle sees them. migrations/ is the truth; a test compares the two.

import { bigint, boolean, customType, date, integer, json, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { settlementStates, settlementSteps } from '../../contracts/settlement.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
/** Money and whatever else may pass 2^53. */
const big = (name: string) => bigint(name, { mode: 'bigint' });
const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const texts = (name: string) => text(name).array();

export const merchants = pgTable('merchants', {
  merchant_no: big('merchant_no').primaryKey().generatedAlwaysAsIdentity(),
  merchant_id: text().notNull(),
  name: text().notNull(),
  currency: text().notNull(),
  network_merchant_ids: texts('network_merchant_ids').notNull().default([]),
  destinations: jsonb().$type<Readonly<Record<string, unknown>>>().notNull().default({}),
  schedule_time: text(),
  schedule_zone: text(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const settlements = pgTable('settlements', {
  settlement_no: big('settlement_no').primaryKey().generatedAlwaysAsIdentity(),
  settlement_id: text().notNull(),
  merchant_id: text().notNull(),
  amount_minor: big('amount_minor').notNull(),
  currency: text().notNull(),
  destinations: jsonb().$type<Readonly<Record<string, unknown>>>().notNull().default({}),
  reference: text().notNull().default(''),
  run_id: text(),
  state: text({ enum: settlementStates }).notNull().default('queued'),
  step: text({ enum: settlementSteps }).notNull().default('reserve'),
  provider: text(),
  provider_reference: text(),
  submissions: integer().notNull().default(0),
  outcome_unknown: boolean().notNull().default(false),
  polls: integer().notNull().default(0),
  attempts: integer().notNull().default(0),
  failure_code: text(),
  failure_kind: text({ enum: ['soft', 'hard'] }),
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
});

export const provider_exchanges = pgTable('provider_exchanges', {
  exchange_no: big('exchange_no').primaryKey().generatedAlwaysAsIdentity(),
  settlement_id: text().notNull(),
  submission: integer().notNull(),
  provider: text().notNull(),
  kind: text({ enum: ['submit', 'ask', 'confirmation'] }).notNull(),
  outcome: text().notNull(),
  detail: text().notNull().default(''),
  duration_ms: integer(),
  at: at('at').notNull(),
});

export const provider_webhooks = pgTable('provider_webhooks', {
  provider: text().notNull(),
  webhook_id: text().notNull(),
  body: text().notNull(),
  word: json(),
  received_at: at('received_at').notNull().defaultNow(),
  processed_at: at('processed_at'),
  outcome: text(),
});

export const settlement_runs = pgTable('settlement_runs', {
  run_id: text().primaryKey(),
  merchant_id: text().notNull(),
  local_date: date().notNull(),
  state: text({ enum: ['open', 'done'] })
    .notNull()
    .default('open'),
  accrued_minor: big('accrued_minor').notNull().default(0n),
  settlement_id: text(),
  created_at: at('created_at').notNull().defaultNow(),
  done_at: at('done_at'),
});

export const accrual_head = pgTable('accrual_head', {
  only_row: boolean().primaryKey().default(true),
  seal_no: big('seal_no').notNull(),
});

export const merchant_accruals = pgTable('merchant_accruals', {
  merchant_id: text().primaryKey(),
  deficit_minor: big('deficit_minor').notNull().default(0n),
});

export const audit_events = pgTable('audit_events', {
  audit_no: big('audit_no').primaryKey(),
  at: at('at').notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  merchant_id: text(),
  from_state: text(),
  to_state: text(),
  reason: text().notNull().default(''),
  correlation_id: text().notNull(),
  previous_hash: bytes('previous_hash').notNull(),
  hash: bytes('hash').notNull(),
});

export const api_keys = pgTable('api_keys', {
  api_key_id: text().primaryKey(),
  key_hash: bytes('key_hash').notNull(),
  shown: text().notNull(),
  name: text().notNull(),
  merchant_id: text(),
  scopes: texts('scopes').notNull(),
  created_at: at('created_at').notNull().defaultNow(),
  expires_at: at('expires_at'),
  revoked_at: at('revoked_at'),
  last_used_at: at('last_used_at'),
});

export const idempotency_keys = pgTable('idempotency_keys', {
  scope_hash: bytes('scope_hash').primaryKey(),
  fingerprint: bytes('fingerprint').notNull(),
  status: integer().notNull(),
  body: bytes('body').notNull(),
  headers: jsonb().$type<Readonly<Record<string, string>>>().notNull().default({}),
  created_at: at('created_at').notNull().defaultNow(),
  expires_at: at('expires_at').notNull(),
});

export const webhook_endpoints = pgTable('webhook_endpoints', {
  webhook_endpoint_id: text().primaryKey(),
  merchant_id: text().notNull(),
  url: text().notNull(),
  description: text().notNull().default(''),
  event_types: texts('event_types').notNull().default([]),
  secret: text().notNull(),
  previous_secret: text(),
  previous_secret_until: at('previous_secret_until'),
  status: text({ enum: ['enabled', 'disabled'] })
    .notNull()
    .default('enabled'),
  disabled_reason: text(),
  failing_since: at('failing_since'),
  created_at: at('created_at').notNull().defaultNow(),
  updated_at: at('updated_at').notNull().defaultNow(),
});

export const webhook_messages = pgTable('webhook_messages', {
  message_no: big('message_no').primaryKey().generatedAlwaysAsIdentity(),
  webhook_message_id: text().notNull(),
  event_id: text().notNull(),
  webhook_endpoint_id: text().notNull(),
  merchant_id: text().notNull(),
  event_type: text().notNull(),
  subject: text().notNull(),
  payload: text().notNull(),
  state: text({ enum: ['pending', 'delivered', 'failed'] })
    .notNull()
    .default('pending'),
  attempts: integer().notNull().default(0),
  due_at: at('due_at').notNull().defaultNow(),
  lease_until: at('lease_until'),
  created_at: at('created_at').notNull().defaultNow(),
  delivered_at: at('delivered_at'),
});

export const webhook_attempts = pgTable('webhook_attempts', {
  attempt_no: big('attempt_no').primaryKey().generatedAlwaysAsIdentity(),
  message_no: big('message_no').notNull(),
  at: at('at').notNull(),
  status: integer(),
  error: text(),
  duration_ms: integer().notNull(),
  answer: text().notNull().default(''),
});
