import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import * as schema from './schema.ts';

let url: string;
beforeAll(async () => {
  url = await createTestDatabase();
});

const tables = Object.values(schema).filter((table) => is(table, PgTable));

test.each(tables.map((table) => [getTableName(table), table] as const))(
  'schema.ts and the migrations agree on %s',
  async (name, table) => {
    const { rows } = await asOwner(url, (sql) =>
      sql.query<{ column: string; type: string; required: boolean }>(
        `select attname as column, format_type(atttypid, atttypmod) as type, attnotnull as required
         from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
        [name],
      ),
    );
    const migrated = new Map(rows.map(({ column, type, required }) => [column, { type, required }]));
    for (const column of Object.values(getTableColumns(table)))
      expect({ [column.name]: migrated.get(column.name) }).toEqual({
        [column.name]: { type: column.getSQLType(), required: column.notNull },
      });
  },
);

/** Written by the database alone, or read and written with SQL of their own: batches, locks and leases are not drizzle's. */
const withoutDrizzle = [
  ...['ledger_journal', 'ledger_seals', 'ledger_seal_head', 'audit_events', 'audit_head', 'schema_migrations'],
  ...['merchants', 'settlements', 'provider_exchanges', 'provider_webhooks', 'settlement_runs', 'accrual_head'],
  ...['merchant_accruals', 'api_keys', 'idempotency_keys', 'webhook_endpoints', 'webhook_messages', 'webhook_attempts'],
  ...['open_items', 'settlement_returns', 'withheld_amounts', 'unassigned_clearings', 'streams_in_suspense'],
  ...['access_counts', 'address_salts', 'destination_cooling', 'last_proofs', 'events_given_up'],
  ...['unapproved_clearings', 'withheld_clearings', 'unapproved_sums', 'control_set_distributions', 'sweep'],
  ...['unmatched_refunds', 'withheld_refunds', 'unmatched_sums', 'unmatched_shop_sums'],
  ...['facts_kept_together', 'facts_together_sums', 'waiting_for_seal', 'events_kept_together', 'events_together_sums'],
  'sealing',
  ...['companies', 'departments', 'employees', 'card_assignments'],
];

test('every table has a drizzle table, except those that are written otherwise', async () => {
  const { rows } = await asOwner(url, (sql) =>
    sql.query<{ relname: string }>(
      `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    ),
  );
  const known = [...tables.map(getTableName), ...withoutDrizzle];
  expect(rows.map(({ relname }) => relname).toSorted()).toEqual(known.toSorted());
});
