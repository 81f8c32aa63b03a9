// Applies migrations/ in order, forward only, as the database's owner. Each applied file is kept with its checksum: a file edited afterwards
// is refused by name, because databases made before and after the edit would differ for ever. Then the grants (migrations/grants.sql).
// Whoever writes meanwhile waits for a lock of ours for a few seconds at most: what cannot have its locks gives up its place and comes again.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { sqlState } from './away.ts';
import type { Sql } from './client.ts';
import { type Migration, readMigrations } from './migration-file.ts';
import { runOnline } from './online-steps.ts';
import { ensureServiceLogin } from './own-login.ts';
import { appliedTo, fitOf, migrationsDirectory, type SchemaFit } from './schema-fit.ts';
import { connectOwner } from './which-postgres.ts';

/** Any number that nobody else locks in this database. */
const lockKey = 7_283_640_112;
/** Another process that migrates: an index of a large table takes its time. */
const otherMsMax = 30 * 60_000;

export interface MigrateOptions {
  readonly directory?: string;
  /** A line of progress. */
  readonly say?: (line: string) => void;
  /** How long a statement waits for a lock, and everybody behind it: then the migration is undone and tried again. */
  readonly lockMsMax?: number;
  readonly triesMax?: number;
  /** The service's own URL: its login is made, and a member of atlas_app. */
  readonly serviceUrl?: string;
  /** That login gets the password of `serviceUrl` also where it is there already. */
  readonly setsPassword?: boolean;
}

/** Returns the files it applied, in order; none where the database is up to date, or newer than this code and compatible with it. */
export async function migrate(url: string, options: MigrateOptions | string = {}): Promise<string[]> {
  const given = typeof options === 'string' ? { directory: options } : options;
  const { directory = migrationsDirectory, say = () => {}, serviceUrl, setsPassword = false } = given;
  const migrations = await readMigrations(directory);
  const sql = await connectOwner(url);
  try {
    await prepareSession(sql);
    await takeLock(sql, say);
    const { pending, ahead } = await begin(sql, migrations);
    for (const migration of pending) await apply(sql, migration, given);
    // Of a newer schema the newer release's grants hold.
    if (ahead.length === 0) await applyGrants(sql, directory, given);
    const made = serviceUrl === undefined ? null : await ensureServiceLogin(sql, serviceUrl, { setsPassword });
    if (made !== null) say(made);
    return pending.map(({ file }) => file);
  } finally {
    await sql.end();
  }
}

async function prepareSession(sql: Sql): Promise<void> {
  await sql.query(
    "set search_path = public, pg_temp; set statement_timeout = 0; set application_name = 'atlas-migrate'",
  );
  // Where the machine can: a server whose client was killed gives its build of an index up, instead of going on with it for nobody.
  await sql.query("set client_connection_check_interval = '1s'").catch(() => {});
}

/**
 * Two processes that start at once: the second waits, then finds everything applied. Released with the session. Asked again and again and
 * not waited for: a statement that waits is a transaction, and the other's build of an index would wait for that one.
 */
async function takeLock(sql: Sql, say: (line: string) => void): Promise<void> {
  const untilMs = performance.now() + otherMsMax;
  for (let tries = 0; ; tries += 1) {
    const { rows } = await sql.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [lockKey]);
    if (rows[0]?.taken === true) return;
    if (performance.now() > untilMs)
      throw new Error(`another process migrates this database, and was not done within ${otherMsMax / 60_000} minutes`);
    if (tries % 100 === 0) say('waiting for another process that migrates this database');
    await setTimeout(100);
  }
}

async function begin(sql: Sql, migrations: readonly Migration[]): Promise<SchemaFit> {
  await sql.query(
    `create table if not exists schema_migrations (
       version integer primary key, file text not null, checksum text not null, applied_at timestamptz not null default now()
     )`,
  );
  await sql.query('alter table schema_migrations add column if not exists compatible_from integer');
  return fitOf(migrations, await appliedTo(sql));
}

async function apply(sql: Sql, migration: Migration, options: MigrateOptions): Promise<void> {
  const { file, text, online } = migration;
  const { say = () => {} } = options;
  const beganMs = performance.now();
  say(`${file} …`);
  if (online !== null) {
    await runOnline(sql, migration, say).catch((error: unknown) => {
      throw new Error(`migration ${file} failed between its steps; the same command goes on with it`, { cause: error });
    });
    await note(sql, migration);
  } else {
    await inTransaction(sql, file, options, async () => {
      await sql.query(text);
      await note(sql, migration);
    });
  }
  say(`${file} applied in ${Math.round(performance.now() - beganMs)} ms`);
}

async function note(sql: Sql, { version, file, checksum, compatibleFrom }: Migration): Promise<void> {
  await sql.query('insert into schema_migrations (version, file, checksum, compatible_from) values ($1, $2, $3, $4)', [
    ...[version, file, checksum, compatibleFrom],
  ]);
}

/** Not had in time: the lock, or two that waited for each other. */
const comesAgain = ['55P03', '40P01'];

/** Roles are the whole server's: one that another database's owner has made is not this owner's to give. */
function cureOf(error: unknown): string {
  const [, role] = /permission denied to grant role "(\w+)"/.exec(error instanceof Error ? error.message : '') ?? [];
  return role === undefined
    ? ''
    : `: the role ${role} was made by another login of this server. As that one, or as a superuser: grant ${role} to <this owner> with admin option`;
}

async function inTransaction(
  sql: Sql,
  what: string,
  { say = () => {}, lockMsMax = 3_000, triesMax = 20 }: MigrateOptions,
  work: () => Promise<unknown>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await sql.query(`begin; set local lock_timeout = ${lockMsMax}`);
    try {
      await work();
      await sql.query('commit');
      return;
    } catch (error) {
      await sql.query('rollback');
      if (!comesAgain.includes(sqlState(error) ?? ''))
        throw new Error(`migration ${what} failed and changed nothing${cureOf(error)}`, { cause: error });
      if (tries >= triesMax)
        throw new Error(
          `migration ${what} could not have a lock within ${lockMsMax} ms, ${triesMax} times, and changed nothing: ` +
            'who holds it is in pg_stat_activity and pg_locks. Run it again when that is over',
          { cause: error },
        );
      say(`${what} waited ${lockMsMax} ms for a lock and let the others go first; try ${tries + 1} of ${triesMax}`);
      // So that whoever stood behind us gets through.
      await setTimeout(Math.min(lockMsMax, 100 * 2 ** tries));
    }
  }
}

/** A folder without the file, as that of a release of before, has its grants in the migrations. */
async function applyGrants(sql: Sql, directory: string, options: MigrateOptions): Promise<void> {
  const text = await readFile(`${directory}/grants.sql`, 'utf8').catch(() => null);
  if (text !== null) await inTransaction(sql, 'grants.sql', options, () => sql.query(text));
}
