// Partners' endpoints, the messages to each, and every attempt to deliver one.

import { sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big } from './columns.ts';

export const webhook_endpoints = pgTable('webhook_endpoints', {
  webhook_endpoint_id: text().notNull(),
  merchant_id: text().notNull(),
  url: text().notNull(),
  description: text().notNull().default(''),
  event_types: text().array().notNull().default(sql`'{}'::text[]`),
  secret: text().notNull(),
  previous_secret: text(),
  previous_secret_until: at('previous_secret_until'),
  status: text().notNull().default('enabled'),
  disabled_reason: text(),
  failing_since: at('failing_since'),
  created_at: at('created_at').notNull().defaultNow(),
  updated_at: at('updated_at').notNull().defaultNow(),
});

export const webhook_messages = pgTable('webhook_messages', {
  message_no: big('message_no').generatedAlwaysAsIdentity(),
  webhook_message_id: text().notNull().default(sql`random_id('whm'::text)`),
  event_id: text().notNull(),
  webhook_endpoint_id: text().notNull(),
  merchant_id: text().notNull(),
  event_type: text().notNull(),
  subject: text().notNull(),
  payload: text().notNull(),
  state: text().notNull().default('pending'),
  attempts: integer().notNull().default(0),
  due_at: at('due_at').notNull().defaultNow(),
  lease_until: at('lease_until'),
  created_at: at('created_at').notNull().defaultNow(),
  delivered_at: at('delivered_at'),
});

export const webhook_attempts = pgTable('webhook_attempts', {
  attempt_no: big('attempt_no').generatedAlwaysAsIdentity(),
  message_no: big('message_no').notNull(),
  at: at('at').notNull().default(sql`clock_timestamp()`),
  status: integer(),
  error: text(),
  duration_ms: integer().notNull(),
  answer: text().notNull().default(''),
});
