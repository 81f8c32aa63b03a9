// The audit trail and the seals of the ledger, written by the database itself; what was proved of them, and which migrations are in.

import { sql } from 'drizzle-orm';
import { boolean, integer, numeric, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big, count, other } from './columns.ts';

export const audit_events = pgTable('audit_events', {
  audit_no: big('audit_no').notNull(),
  at: at('at').notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  merchant_id: text(),
  from_state: text(),
  to_state: text(),
  reason: text().notNull().default(''),
  correlation_id: text().notNull(),
  previous_hash: other('bytea')('previous_hash').notNull(),
  hash: other('bytea')('hash').notNull(),
});

export const audit_head = pgTable('audit_head', {
  only_row: boolean().notNull().default(true),
  audit_no: big('audit_no').notNull(),
  hash: other('bytea')('hash').notNull(),
});

export const waiting_for_seal = pgTable('waiting_for_seal', {
  waiting_no: big('waiting_no').generatedAlwaysAsIdentity(),
  entries: other('audit_entry[]')('entries'),
  transfer_nos: other('int8multirange')('transfer_nos'),
  transfers: integer(),
  content: other('bytea')('content'),
  waiting_since: at('waiting_since').notNull().default(sql`clock_timestamp()`),
});

export const ledger_journal = pgTable('ledger_journal', {
  xact_id: other('xid8')('xact_id').notNull(),
  currency: text().notNull(),
  debits_pending_moved: numeric().notNull(),
  credits_pending_moved: numeric().notNull(),
  debits_posted_moved: numeric().notNull(),
  credits_posted_moved: numeric().notNull(),
  moved_at: at('moved_at').notNull().defaultNow(),
});

export const ledger_seals = pgTable('ledger_seals', {
  seal_no: big('seal_no').notNull(),
  transfer_nos: other('int8multirange')('transfer_nos').notNull(),
  transfers: integer().notNull(),
  previous_hash: other('bytea')('previous_hash').notNull(),
  hash: other('bytea')('hash').notNull(),
  sealed_at: at('sealed_at').notNull().default(sql`clock_timestamp()`),
});

export const ledger_seal_head = pgTable('ledger_seal_head', {
  only_row: boolean().notNull().default(true),
  seal_no: big('seal_no').notNull(),
  hash: other('bytea')('hash').notNull(),
});

export const sealing = pgTable('sealing', {
  only_row: boolean().notNull().default(true),
  behind_until: at('behind_until'),
  done_to: count('done_to').notNull().default(0),
  seen_to: count('seen_to').notNull().default(0),
  seen_by: other('xid8')('seen_by'),
});

export const last_proofs = pgTable('last_proofs', {
  kind: text().notNull(),
  waited_since: at('waited_since').notNull().default(sql`clock_timestamp()`),
  proved_at: at('proved_at'),
  failed_at: at('failed_at'),
});

export const schema_migrations = pgTable('schema_migrations', {
  version: integer().notNull(),
  file: text().notNull(),
  checksum: text().notNull(),
  applied_at: at('applied_at').notNull().defaultNow(),
  compatible_from: integer(),
});
