// Companies, their departments and employees, and whose card is whose.

import { pgTable, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

export const companies = pgTable('companies', {
  company_id: text().primaryKey(),
  name: text().notNull(),
  reference: text(),
  status: text().notNull().default('active'),
  created_at: at('created_at').notNull().defaultNow(),
});

export const departments = pgTable('departments', {
  department_id: text().primaryKey(),
  company_id: text().notNull(),
  parent_department_id: text(),
  name: text().notNull(),
  reference: text(),
  created_at: at('created_at').notNull().defaultNow(),
});

export const employees = pgTable('employees', {
  employee_id: text().primaryKey(),
  company_id: text().notNull(),
  department_id: text().notNull(),
  display_name: text(),
  reference: text(),
  status: text().notNull().default('active'),
  created_at: at('created_at').notNull().defaultNow(),
});

export const card_assignments = pgTable('card_assignments', {
  card_id: text().primaryKey(),
  company_id: text().notNull(),
  employee_id: text().notNull(),
  assigned_at: at('assigned_at').notNull().defaultNow(),
});
