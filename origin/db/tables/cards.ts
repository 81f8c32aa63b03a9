// Accounts, cards, what controls them, and what the edge has of it.

import { boolean, integer, json, pgTable, text } from 'drizzle-orm/pg-core';
import type { Control } from '../../../contracts/control.ts';
import type { Profile } from '../../../contracts/profile.ts';
import type { CalendarWindow } from '../../../core/windows/windows.ts';
import type { accountKinds } from '../../accounts/account-tree.ts';
import type { WrittenControl } from '../../controls/read-controls.ts';
import { at, big } from './columns.ts';

export const accounts = pgTable('accounts', {
  account_id: text().primaryKey(),
  name: text().notNull(),
  currency: text().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
  kind: text().$type<(typeof accountKinds)[number]>().notNull().default('network'),
  credit_limit_minor: big('credit_limit_minor'),
  company_id: text(),
  department_id: text(),
  employee_id: text(),
  parent_account_id: text(),
  budget_minor: big('budget_minor'),
  budget_window: json().$type<CalendarWindow>(),
  children_may_exceed: boolean().notNull().default(false),
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
