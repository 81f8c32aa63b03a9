// Applies migrations/ in order, forward only. Each applied file is kept with its checksum: a file edited afterwards is
// refused by name, because databases made before and after the edit would differ for ever.
// Alone: `DATABASE_URL=… node origin/db/migrate.ts`.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sql } from './client.ts';
import { connectOwner } from './which-postgres.ts';

const defaultDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Any number that nobody else locks in this database. */
const lockKey = 7_283_640_112;

interface Migration {
  readonly version: number;
  readonly file: string;
  readonly text: string;
  readonly checksum: string;
}

/** Returns the files it applied, in order; none where the database is up to date. */
export async function migrate(url: string, directory: string = defaultDirectory): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const sql = await connectOwner(url);
  try {
    // Two processes that start at once: the second waits here, then finds everything applied. Released with the session.
    await sql.query('select pg_advisory_lock($1)', [lockKey]);
    await sql.query(
      `create table if not exists schema_migrations (
         version integer primary key, file text not null, checksum text not null, applied_at timestamptz not null default now()
       )`,
    );
    const { rows } = await sql.query<Applied>('select version, file, checksum from schema_migrations order by version');
    assertUnedited(migrations, rows);
    const pending = migrations.slice(rows.length);
    for (const { version, file, text, checksum } of pending) {
      await sql.query('begin');
      try {
        await sql.query(text);
        await sql.query('insert into schema_migrations (version, file, checksum) values ($1, $2, $3)', [
          version,
          file,
          checksum,
        ]);
        await sql.query('commit');
      } catch (error) {
        await sql.query('rollback');
        throw new Error(`migration ${file} failed and changed nothing`, { cause: error });
      }
    }
    return pending.map(({ file }) => file);
  } finally {
    await sql.end();
  }
}

/** What `migrate` would apply, and nothing is applied; throws what it would refuse. `sql`: the owner's connection, or any that may read. */
export async function pendingMigrations(sql: Sql, directory: string = defaultDirectory): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const { rows: known } = await sql.query<{ is_there: boolean }>(
    "select to_regclass('schema_migrations') is not null as is_there",
  );
  if (known[0]?.is_there !== true) return migrations.map(({ file }) => file);
  const { rows } = await sql.query<Applied>('select version, file, checksum from schema_migrations order by version');
  assertUnedited(migrations, rows);
  return migrations.slice(rows.length).map(({ file }) => file);
}

interface Applied {
  readonly version: number;
  readonly file: string;
  readonly checksum: string;
}

function assertUnedited(migrations: readonly Migration[], applied: readonly Applied[]): void {
  for (const [index, { file, checksum }] of applied.entries()) {
    const here = migrations[index];
    if (here === undefined || here.file !== file)
      throw new Error(`migration ${file} is applied to this database, but is not in migrations/`);
    if (here.checksum !== checksum)
      throw new Error(
        `migration ${file} was edited after it was applied: restore it, and put the change in a new file`,
      );
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
  return await Promise.all(
    files.map(async (file, index) => {
      const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1]);
      if (version !== index + 1)
        throw new Error(`migration ${file}: the name must be ${String(index + 1).padStart(4, '0')}_<words>.sql`);
      const text = await readFile(`${directory}/${file}`, 'utf8');
      return { version, file, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

if (import.meta.main) {
  const url = process.env['DATABASE_OWNER_URL'] ?? process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is not set');
  const applied = await migrate(url);
  process.stdout.write(applied.length === 0 ? 'up to date\n' : `applied ${applied.join(', ')}\n`);
}
