// The tables as drizzle has them are those of the migrated database: every table, every column, its type, whether it may be null and
// whether it has a value of its own. migrations/ is the truth.

import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import * as audit from './audit.ts';
import * as cardEvents from './card-events.ts';
import * as cards from './cards.ts';
import * as companies from './companies.ts';
import * as identity from './identity.ts';
import * as ledger from './ledger.ts';
import * as merchants from './merchants.ts';
import * as openItems from './open-items.ts';
import * as payouts from './payouts.ts';
import * as webhooks from './webhooks.ts';
import * as work from './work.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly required: boolean;
  /** The database makes it, or has a value where none is given. */
  readonly made: boolean;
}

const migrated = await asOwner(await createTestDatabase(), (sql) =>
  sql.query<Column>(
    `select c.relname as table, attname as column, format_type(atttypid, atttypmod) as type, attnotnull as required,
       (atthasdef or attidentity <> '') as made
     from pg_class c join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by 1, attname`,
  ),
);

const described = [audit, cardEvents, cards, companies, identity, ledger, merchants, openItems, payouts, webhooks, work]
  .flatMap((file): unknown[] => Object.values(file))
  .filter((table) => is(table, PgTable));

function columnsOf(table: PgTable): Column[] {
  return Object.values(getTableColumns(table)).map((column) => ({
    ...{ table: getTableName(table), column: column.name },
    // `numeric(40, 0)` is Postgres's `numeric(40,0)`.
    type: column.getSQLType().replaceAll(', ', ','),
    required: column.notNull,
    made: column.hasDefault || column.generated !== undefined || column.generatedIdentity !== undefined,
  }));
}

const line = ({ table, column, type, required, made }: Column) =>
  `${table}.${column} ${type}${required ? ' not null' : ''}${made ? ' made' : ''}`;

test('every table and column of the database is in db/tables/, with its type, and nothing else is', () => {
  const here = described.flatMap(columnsOf).map(line).toSorted();
  expect(here.length).toBeGreaterThan(400);
  expect(here).toEqual(migrated.rows.map(line).toSorted());
});

test('a column is read by the name that it has in the database', () => {
  const renamed = described.flatMap((table) =>
    Object.entries(getTableColumns(table)).flatMap(([key, { name }]) => (key === name ? [] : [`${key}: ${name}`])),
  );
  expect(renamed).toEqual([]);
});
