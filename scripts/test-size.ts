// A database of size for tests of plans: each row of each table copied as often as is asked for. What has to be unique is made up anew, the
// same of the same value and copy, so that copies refer to each other as their originals do. Copies are what is over: paid, delivered, closed.

import type { Sql } from '../origin/db/client.ts';

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** Numbered by the database itself. */
  readonly identity: boolean;
  /** Of an index that is unique, the column by which copies differ in it. */
  readonly unique: boolean;
}

/** Rows that a check allows a fixed set of only, as the kinds of proofs: such a table stays as it is. */
const checkViolation = '23514';

/** Of every table that has a row already; returns how many rows each has then. Needs a superuser: triggers and references are passed by. */
export async function enlarge(owner: Sql, copies: number): Promise<ReadonlyMap<string, number>> {
  await owner.query(`set session_replication_role = replica`);
  const columns = await columnsOf(owner);
  const sizes = new Map<string, number>();
  // A table that can have one row only says so by a unique boolean.
  const single = new Set(columns.filter(({ unique, type }) => unique && type === 'boolean').map(({ table }) => table));
  for (const table of new Set(columns.map((column) => column.table))) {
    if (single.has(table)) continue;
    // Things that there are few of get many copies: of these, each must have what belongs to it.
    await copyRows(owner, table, columns, (await countOf(owner, table)) < 60 ? copies * 5 : copies);
    sizes.set(table, await countOf(owner, table));
  }
  await owner.query(`insert into ledger_balances (ledger_account_no, currency, never_overdrawn)
    select ledger_account_no, currency, never_overdrawn from ledger_accounts on conflict do nothing`);
  await owner.query(`set session_replication_role = origin`);
  // Vacuumed too: an index of arrays keeps what is new apart until then, and looks dear as long.
  await owner.query('vacuum analyze');
  return sizes;
}

async function countOf(owner: Sql, table: string): Promise<number> {
  const { rows } = await owner.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return rows[0]?.n ?? 0;
}

async function copyRows(owner: Sql, table: string, columns: readonly Column[], copies: number): Promise<void> {
  const own = columns.filter((column) => column.table === table && !column.identity);
  const names = own.map(({ name }) => `"${name}"`).join(', ');
  const values = own.map((column) => copied(column)).join(', ');
  const copying = `insert into ${table} (${names})
    select ${values} from (select *, row_number() over () as row_no from ${table}) t, generate_series(1, ${copies}) as copy
    on conflict do nothing`;
  try {
    await owner.query(copying);
  } catch (error) {
    if ((error as { code?: unknown }).code !== checkViolation)
      throw new Error(`${table} has no copies: ${(error as Error).message}`);
  }
}

/** Belong to copies, not to what was copied: an account's key is all that it may belong to, and a merchant has twenty endpoints at most. */
const others: readonly string[] = [
  ...['account_id', 'merchant_id', 'provider'].map((name) => `ledger_accounts.${name}`),
  'webhook_endpoints.merchant_id',
];

/** What is over, as the most of a year is; and what differs from one to the other without being a key. */
const over: Readonly<Record<string, string>> = {
  'settlements.state': `'completed'`,
  'settlements.final_at': `coalesce(t.final_at, t.updated_at)`,
  'settlements.step': `'finalise'`,
  'settlements.failure_code': 'null',
  'settlements.failure_kind': 'null',
  'settlements.dead_lettered_at': 'null',
  'settlements.lease_owner': 'null',
  'settlements.lease_until': 'null',
  'webhook_messages.state': `'delivered'`,
  'webhook_messages.lease_until': 'null',
  'open_items.status': `'resolved'`,
  'open_items.closed_at': `coalesce(t.closed_at, t.opened_at)`,
  'open_items.resolution': `coalesce(t.resolution, 'as a copy')`,
  'merchants.network_merchant_ids': `array[t.merchant_id || copy]`,
  'card_streams.has_gap': 'false',
  'control_set_distributions.state': `'done'`,
};

/** Numbered by a head that knows the next number: copies are below all that are there. */
const chains: ReadonlySet<string> = new Set(['audit_events', 'ledger_seals']);

function copied(column: Column): string {
  return over[`${column.table}.${column.name}`] ?? (column.unique ? madeUp(column) : `t."${column.name}"`);
}

/** Another value of the same form. */
function madeUp({ table, name, type }: Column): string {
  const hex = `lpad(to_hex(copy), 10, '0')`;
  switch (type) {
    case 'text':
      return `case when length(t."${name}") > 12 then left(t."${name}", -10) || ${hex} else t."${name}" || ${hex} end`;
    case 'bigint':
    case 'integer':
      return chains.has(table)
        ? `(select min("${name}") from ${table}) - (copy - 1) * (select count(*) from ${table}) - t.row_no`
        : `(select max("${name}") from ${table}) + (copy - 1) * (select count(*) from ${table}) + t.row_no`;
    case 'bytea':
      return `decode(${hex} || '00', 'hex') || substr(t."${name}", 7)`;
    case 'timestamp with time zone':
      return `t."${name}" - copy * interval '1 second'`;
    case 'date':
      return `t."${name}" - copy`;
    default:
      throw new Error(`${table}.${name} is unique and of type ${type}: say how a copy of it differs`);
  }
}

async function columnsOf(owner: Sql): Promise<Column[]> {
  const { rows } = await owner.query<Column & { generated: boolean }>(
    `with chosen as (
       -- Of each unique index without a number of the database's own: its last column, rather one that refers to nothing.
       select distinct on (i.indexrelid) i.indrelid, a.attnum
       from pg_index i
       cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, at)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
       where i.indisunique
         and not exists (select from pg_attribute n where n.attrelid = i.indrelid and n.attnum = any (i.indkey::int2[]) and n.attidentity <> '')
       order by i.indexrelid,
         exists (select from pg_constraint c where c.conrelid = i.indrelid and c.contype = 'f' and a.attnum = any (c.conkey)),
         a.atttypid = 'boolean'::regtype, k.at desc)
     select t.relname as table, a.attname as name, format_type(a.atttypid, null) as type, a.attidentity <> '' as identity,
       exists (select from chosen where indrelid = t.oid and chosen.attnum = a.attnum)
         or t.relname || '.' || a.attname = any ($1) as unique
     from pg_class t
     join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where t.relnamespace = 'public'::regnamespace and t.relname <> 'schema_migrations' and t.relkind in ('r', 'p') and not t.relispartition
     order by t.relname, a.attnum`,
    [[...others]],
  );
  return rows;
}
