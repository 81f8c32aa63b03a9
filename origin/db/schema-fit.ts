// Whether this code and a database's schema go together. The code's version is the number of the newest migration that it knows. It works
// on a schema that has all of its migrations, and on a newer one where each migration more says `compatible-from` this code or older.

import { fileURLToPath } from 'node:url';
import { sqlState } from './away.ts';
import type { Sql } from './client.ts';
import { type Migration, readMigrations } from './migration-file.ts';

export const migrationsDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));

export interface Applied {
  readonly version: number;
  readonly file: string;
  readonly checksum: string;
  /** Null: applied by a release that did not write it down. */
  readonly compatible_from: number | null;
}

export interface SchemaFit {
  /** What the database lacks, in order. */
  readonly pending: readonly Migration[];
  /** What it has more than this code knows, and this code works with. */
  readonly ahead: readonly Applied[];
}

/** Throws where the two are of different histories, or the code is too old. */
export function fitOf(migrations: readonly Migration[], applied: readonly Applied[]): SchemaFit {
  for (const [index, { file, checksum }] of applied.entries()) {
    const here = migrations[index];
    if (here === undefined) continue;
    if (here.file !== file)
      throw new Error(
        `migration ${file} is applied to this database, but is not in migrations/, which has ${here.file}`,
      );
    if (here.checksum !== checksum)
      throw new Error(
        `migration ${file} was edited after it was applied: restore it, and put the change in a new file`,
      );
  }
  const ahead = applied.slice(migrations.length);
  const newest = migrations.length;
  const tooNew = ahead.find(({ version, compatible_from }) => (compatible_from ?? version) > newest);
  if (tooNew !== undefined)
    throw new Error(
      `migration ${tooNew.file} is applied to this database, but is not in migrations/, and works only with code that knows ` +
        `migration ${tooNew.compatible_from ?? tooNew.version} or a later one. This code knows ${newest}: deploy a newer release`,
    );
  return { pending: migrations.slice(applied.length), ahead };
}

/** What the database says that it has. Of a database that nobody has migrated: nothing. */
export async function appliedTo(sql: Sql): Promise<Applied[]> {
  const { rows: known } = await sql.query<{ is_there: boolean }>(
    "select to_regclass('public.schema_migrations') is not null as is_there",
  );
  if (known[0]?.is_there !== true) return [];
  // Through json: a table of before has no column compatible_from.
  const { rows } = await sql.query<Applied>(
    `select version, file, checksum, (to_json(m) ->> 'compatible_from')::int as compatible_from
     from public.schema_migrations m order by version`,
  );
  return rows;
}

/** `sql`: any connection that may read schema_migrations. Throws what would be refused. */
export async function schemaFit(sql: Sql, directory: string = migrationsDirectory): Promise<SchemaFit> {
  return fitOf(await readMigrations(directory), await appliedTo(sql));
}

const insufficientPrivilege = '42501';

/** For the service, which changes nothing here: throws where it cannot work on the schema, with what mends it. */
export async function assertSchemaFits(sql: Sql, directory: string = migrationsDirectory): Promise<SchemaFit> {
  const fit = await schemaFit(sql, directory).catch((error: unknown) => {
    if (sqlState(error) !== insufficientPrivilege) throw error;
    throw new Error(`the service's role may not read schema_migrations; ${howToMigrate}`, { cause: error });
  });
  const [first] = fit.pending;
  if (first !== undefined)
    throw new Error(
      `the database's schema is older than this code needs: it lacks ${fit.pending.length} of its migrations, ` +
        `${first.file} first; ${howToMigrate}`,
    );
  return fit;
}

const howToMigrate = "run `npm run migrate` with the owner's login in DATABASE_OWNER_URL, then start again";
