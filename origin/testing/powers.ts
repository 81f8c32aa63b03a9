// What whoever has taken over the service would try at the database, made from its catalogs: each table, column, function and trigger that is
// there, so that a new one is tried too. Each attempt is undone.

import { readFile } from 'node:fs/promises';
import { sqlState } from '../db/away.ts';
import type { Sql } from '../db/client.ts';
import { migrationsDirectory } from '../db/schema-fit.ts';

export interface Attempt {
  readonly what: string;
  readonly statement: string;
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly triggers: readonly string[];
}

/** What migrations/grants.sql gives: `table privilege`, and of some columns `table privilege column`. */
export async function grantsWritten(): Promise<Set<string>> {
  const text = (await readFile(`${migrationsDirectory}/grants.sql`, 'utf8')).replace(/--.*$/gm, '');
  const list = (names: string) => names.split(',').map((name) => name.trim());
  const said = new Set<string>();
  for (const [, what = '', on = ''] of text.matchAll(/^grant ([^;]*?)\s+on\s+([^;]*?)\s+to atlas_app;/gm)) {
    if (/^(?:schema|function)\s/.test(on)) continue;
    const [, verb = '', columns = null] = /^(\w+) \(([^)]*)\)$/s.exec(what) ?? [];
    for (const table of list(on))
      if (columns !== null) for (const column of list(columns)) said.add(`${table} ${verb} ${column}`);
      else for (const privilege of list(what)) said.add(`${table} ${privilege}`);
  }
  return said;
}

/** `sql`: the owner's. `grants`: what is granted, as `table privilege` and `table privilege column`. */
export async function attemptsAt(sql: Sql, grants: ReadonlySet<string>): Promise<Attempt[]> {
  const { rows: tables } = await sql.query<Table>(
    `select c.relname as name,
       array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
       array(select tgname::text from pg_trigger where tgrelid = c.oid and not tgisinternal) as triggers
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  );
  const { rows: functions } = await sql.query<{ name: string; is_definer: boolean; arguments: number }>(
    `select p.oid::regprocedure::text as name, prosecdef and prorettype <> 'trigger'::regtype
       and not has_function_privilege('atlas_app', p.oid, 'execute') as is_definer, pronargs as arguments
     from pg_proc p where pronamespace = 'public'::regnamespace order by 1`,
  );
  return [
    ...tables.flatMap((table) => ofTable(table, grants)),
    ...functions.flatMap(({ name, is_definer, arguments: count }) => [
      { what: 'drop function', statement: `drop function ${name} cascade` },
      { what: 'alter function', statement: `alter function ${name} security invoker` },
      ...(is_definer
        ? [{ what: 'call', statement: `select ${name.replace(/\(.*/, '')}(${Array(count).fill('null').join(', ')})` }]
        : []),
    ]),
    ...elsewhere,
  ];
}

function ofTable({ name, columns, triggers }: Table, grants: ReadonlySet<string>): Attempt[] {
  const has = (privilege: string, column?: string) =>
    grants.has(`${name} ${privilege}`) || (column !== undefined && grants.has(`${name} ${privilege} ${column}`));
  return [
    { what: 'drop table', statement: `drop table ${name} cascade` },
    { what: 'truncate', statement: `truncate ${name} cascade` },
    { what: 'alter table', statement: `alter table ${name} add column more text` },
    { what: 'alter owner', statement: `alter table ${name} owner to current_user` },
    { what: 'all triggers', statement: `alter table ${name} disable trigger all` },
    { what: 'create rule', statement: `create rule nothing as on insert to ${name} do instead nothing` },
    {
      what: 'create trigger',
      statement: `create trigger more before insert on ${name} for each row execute function refuse_change()`,
    },
    ...triggers.flatMap((trigger) => [
      { what: 'disable trigger', statement: `alter table ${name} disable trigger ${trigger}` },
      { what: 'drop trigger', statement: `drop trigger ${trigger} on ${name}` },
    ]),
    ...(has('select') ? [] : [{ what: 'select', statement: `select count(*) from ${name}` }]),
    ...(has('delete') ? [] : [{ what: 'delete', statement: `delete from ${name}` }]),
    ...columns
      .filter((column) => !has('update', column))
      .map((column) => ({ what: 'update', statement: `update ${name} set ${column} = default` })),
    ...columns
      .filter((column) => !has('insert', column))
      .map((column) => ({ what: 'insert', statement: `insert into ${name} (${column}) values (default)` })),
  ];
}

const other = (what: string, ...statements: string[]): Attempt[] =>
  statements.map((statement) => ({ what, statement }));

const elsewhere: readonly Attempt[] = [
  ...other('be somebody else', 'set role postgres', "select set_config('role', 'postgres', false)"),
  ...other('be somebody else', 'set session authorization postgres'),
  ...other('pass over triggers', 'set session_replication_role = replica'),
  ...other('pass over triggers', "select set_config('session_replication_role', 'replica', false)"),
  ...other('pass over triggers', "do $$ begin execute 'set local session_replication_role = replica'; end $$"),
  ...other(
    'more rights',
    'alter role atlas_app superuser',
    'alter role atlas_app createrole',
    'alter role atlas_app bypassrls',
  ),
  ...other(
    'more rights',
    'alter role atlas_app login',
    "alter role postgres password 'x'",
    'create role more superuser',
  ),
  ...other(
    'more rights',
    'grant postgres to atlas_app',
    'grant pg_write_server_files to atlas_app',
    'drop role postgres',
  ),
  ...other('settings', 'alter system set fsync = off', 'alter role all set synchronous_commit = off'),
  ...other(
    'settings',
    "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$",
  ),
  ...other('shadows', 'create temporary table accounts (a int)', 'create table pg_temp.cards (a int)'),
  ...other('shadows', 'create table public.more (a int)', 'create view public.more as select 1', 'create schema more'),
  ...other(
    'shadows',
    'create type public.more as (a int)',
    'create sequence public.more',
    'create domain public.more as int',
  ),
  ...other('shadows', "create function public.now() returns int language sql as 'select 1'"),
  ...other('shadows', "create function pg_temp.now() returns int language sql as 'select 1'"),
  ...other('shadows', "create function pg_catalog.more() returns int language sql as 'select 1'"),
  ...other('shadows', 'create operator public.=== (leftarg = int, rightarg = int, function = int4eq)'),
  ...other('the machine', "copy (select 1) to program 'id'", "copy (select 1) to '/tmp/atlas-try'"),
  ...other(
    'the machine',
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_read_binary_file('PG_VERSION')",
  ),
  ...other('the machine', "select lo_import('/etc/passwd')", "select lo_export(1, '/tmp/atlas-try')"),
  ...other('the machine', "load 'plpgsql'", 'create extension file_fdw', 'create extension dblink'),
  ...other('the machine', "create function public.more() returns int language c as 'libc.so.6', 'getpid'"),
  ...other(
    'the server',
    'select pg_reload_conf()',
    'select pg_rotate_logfile()',
    'select pg_switch_wal()',
    'checkpoint',
  ),
  ...other('the server', 'create event trigger more on ddl_command_start execute function refuse_change()'),
  ...other(
    'the server',
    'create publication more for all tables',
    "create subscription more connection '' publication more",
  ),
  ...other('the server', 'create database more', "select pg_create_restore_point('more')"),
  ...other('the server', "select pg_create_physical_replication_slot('more')", 'create foreign data wrapper more'),
  ...other('what others do', 'select rolpassword from pg_authid', 'select * from pg_statistic'),
  ...other('large objects', 'select lo_create(0)', "select lo_from_bytea(0, 'x')", 'select lo_creat(-1)'),
];

/** The attempts that were not refused for want of a right, with what was said instead. `sql`: as the service has it. */
export async function notRefused(sql: Sql, attempts: readonly Attempt[]): Promise<string[]> {
  const passed: string[] = [];
  for (const { what, statement } of attempts) {
    await sql.query('begin');
    let said = await saidTo(sql, statement);
    await sql.query('rollback');
    // Some are only taken outside of a transaction.
    if (said?.startsWith('25001') === true) said = await saidTo(sql, statement);
    if (said !== null) passed.push(`${what}: ${statement}: ${said}`);
  }
  return passed;
}

async function saidTo(sql: Sql, statement: string): Promise<string | null> {
  return await sql.query(statement).then(
    () => 'was done',
    (error: unknown) => (sqlState(error) === '42501' ? null : `${sqlState(error)} ${String(error)}`),
  );
}
