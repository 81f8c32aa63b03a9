// The books: accounts, balances, transfers.

import { boolean, pgTable, text } from 'drizzle-orm/pg-core';
import { at, big, count } from './columns.ts';

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
