// Who may call, and who has called: keys, what their calls were answered, and counts of what was read.

import { sql } from 'drizzle-orm';
import { date, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, count, other } from './columns.ts';

export const api_keys = pgTable('api_keys', {
  api_key_id: text().notNull(),
  key_hash: other('bytea')('key_hash').notNull(),
  shown: text().notNull(),
  name: text().notNull(),
  merchant_id: text(),
  scopes: text().array().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
  expires_at: at('expires_at').notNull(),
  revoked_at: at('revoked_at'),
  last_used_at: at('last_used_at'),
});

export const idempotency_keys = pgTable('idempotency_keys', {
  scope_hash: other('bytea')('scope_hash').notNull(),
  fingerprint: other('bytea')('fingerprint').notNull(),
  status: integer().notNull(),
  body: other('bytea')('body').notNull(),
  headers: jsonb().notNull().default(sql`'{}'::jsonb`),
  created_at: at('created_at').notNull().defaultNow(),
  expires_at: at('expires_at').notNull(),
});

export const access_counts = pgTable('access_counts', {
  day: date().notNull(),
  api_key_id: text().notNull(),
  route: text().notNull(),
  outcome: text().notNull(),
  address_hash: text().notNull(),
  calls: count('calls').notNull(),
  first_at: at('first_at').notNull(),
  last_at: at('last_at').notNull(),
  last_request_id: text().notNull(),
});

export const address_salts = pgTable('address_salts', {
  day: date().notNull(),
  salt: other('bytea')('salt').notNull(),
});
