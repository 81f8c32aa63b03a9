// What the service does with its database before anything else: it looks whether the schema is one that it can work on, and where it may
// (development) makes it so. In production it is given no login that could.

import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { setDestinationCooling } from '../payouts/destination-cooling.ts';
import { sqlState } from './away.ts';
import { openDatabase, type Sql } from './client.ts';
import { migrate } from './migrate.ts';
import { assertSchemaFits, schemaFit } from './schema-fit.ts';
import { connectOwner } from './which-postgres.ts';

type PreparedBy = Pick<
  Config,
  | 'ENVIRONMENT'
  | 'MIGRATE'
  | 'DATABASE_URL'
  | 'DATABASE_URL_FORMER'
  | 'DATABASE_OWNER_URL'
  | 'DESTINATION_COOLING_HOURS'
>;

export function migratesBy({ ENVIRONMENT, MIGRATE }: Pick<Config, 'ENVIRONMENT' | 'MIGRATE'>): 'check' | 'run' {
  return MIGRATE ?? (ENVIRONMENT === 'production' ? 'check' : 'run');
}

/** Throws where the service cannot work on the schema, and what mends it. */
export async function prepareDatabase(config: PreparedBy, log: Logger): Promise<void> {
  const { DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl } = config;
  const runs = migratesBy(config) === 'run';
  if (runs && ownerUrl !== undefined) {
    const applied = await migrate(ownerUrl, { serviceUrl: url, setsPassword: true });
    if (applied.length > 0) log.info({ applied }, 'migrated');
  } else if (runs && !(await asOwner(url, () => fits(url)))) {
    log.info({ applied: await asOwner(url, () => migrate(url)) }, 'migrated');
  }
  const sql = openDatabase({
    url,
    formerUrl: config.DATABASE_URL_FORMER,
    poolMax: 1,
    onIdleError: () => {},
    ownLogin: !runs,
  });
  try {
    const { ahead } = await assertSchemaFits(sql.sql);
    if (ahead.length > 0)
      log.warn(
        { ahead: ahead.map(({ file }) => file) },
        'the schema is newer than this release, and says that this release works on it',
      );
    await coolingAgrees(sql.sql, config, runs ? (ownerUrl ?? url) : null);
  } finally {
    await sql.close();
  }
}

const insufficientPrivilege = '42501';

/** By the login of `url`, which has to own the database. The service's own may not: Postgres says which right it lacks, and this what to do. */
async function asOwner<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (sqlState(error) !== insufficientPrivilege) throw error;
    throw new Error(
      `MIGRATE is run, and the login ${decodeURIComponent(new URL(url).username)} does not own this database (${firstWords(error)}): ` +
        "set DATABASE_OWNER_URL to the owner's, or MIGRATE=check, and run `npm run migrate` as the owner before",
      { cause: error },
    );
  }
}

/** Postgres's own, below what we said of it. */
function firstWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? firstWords(error.cause) : error.message;
}

/** Whether the schema is there, as whoever the URL names sees it. Throws where it is one that no migration would mend. */
async function fits(url: string): Promise<boolean> {
  const sql = await connectOwner(url);
  try {
    return (await schemaFit(sql)).pending.length === 0;
  } finally {
    await sql.end();
  }
}

/** The time is the owner's to set: whoever has taken over the service cannot shorten it. `ownerUrl`: null where there is none. */
async function coolingAgrees(
  sql: Sql,
  { DESTINATION_COOLING_HOURS: hours }: PreparedBy,
  ownerUrl: string | null,
): Promise<void> {
  const { rows } = await sql.query<{ hours: number }>('select hours from destination_cooling');
  const there = rows[0]?.hours;
  if (there === hours) return;
  if (ownerUrl === null)
    throw new Error(
      `DESTINATION_COOLING_HOURS is ${hours} here and ${there} in the database: set it to ${there}, or run ` +
        `DESTINATION_COOLING_HOURS=${hours} npm run migrate`,
    );
  await asOwner(ownerUrl, () => setDestinationCooling(ownerUrl, hours));
}
