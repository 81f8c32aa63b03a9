// How far work of the whole service has come: the sweep over all cards, and versions of control sets on their way to cards.

import { sql } from 'drizzle-orm';
import { boolean, integer, json, numeric, pgTable, text } from 'drizzle-orm/pg-core';
import { at, count } from './columns.ts';

export const sweep = pgTable('sweep', {
  is_one: boolean().notNull().default(true),
  held_by: text(),
  held_until: at('held_until'),
  after_network: text().notNull().default(''),
  after_card_token: text().notNull().default(''),
  began_at: at('began_at'),
  is_whole: boolean().notNull().default(true),
  next_pass_at: at('next_pass_at').notNull().defaultNow(),
});

export const control_set_distributions = pgTable('control_set_distributions', {
  control_set_id: text().notNull(),
  distribution_no: integer().notNull(),
  version: integer().notNull(),
  version_before: integer(),
  only_version: integer(),
  percent: numeric({ precision: 5, scale: 2 }).notNull(),
  state: text().notNull(),
  after_card_id: text().notNull().default(''),
  cards_to_move: count('cards_to_move').notNull(),
  cards_moved: count('cards_moved').notNull().default(0),
  cards_refused: count('cards_refused').notNull().default(0),
  refused: json().notNull().default(sql`'[]'::json`),
  actor: text().notNull(),
  correlation_id: text().notNull(),
  created_at: at('created_at').notNull().defaultNow(),
  changed_at: at('changed_at').notNull().defaultNow(),
});
