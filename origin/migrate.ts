// npm run migrate: brings the database up to what this release needs, as its owner, in a process of its own. The service has no login that could.

import { parseArgs } from 'node:util';
import { databaseProblems, ownerProblems } from './database-address.ts';
import { openDatabase } from './db/client.ts';
import { migrate } from './db/migrate.ts';
import { assertSchemaFits, type SchemaFit, schemaFit } from './db/schema-fit.ts';
import { connectOwner } from './db/which-postgres.ts';
import { describeError } from './log.ts';
import { isThisMachine } from './outside.ts';
import { setDestinationCooling } from './payouts/destination-cooling.ts';
import { withSecretFiles } from './secrets/secret-settings.ts';

const help = `npm run migrate -- [options]

Applies what is in migrations/ and not in the database yet, in order, then the grants (migrations/grants.sql). May be run again at any
time, and goes on where it was broken off. The service may serve meanwhile: who writes waits 3 s at most for a lock of a migration, which
then gives it up and tries again; steps that are marked online keep nobody waiting.

  --check   changes nothing: says what would be applied
  --json    one object on one line, and no lines of progress
  --help    this

DATABASE_OWNER_URL   the login that owns the database; it need not be a superuser. From a file: DATABASE_OWNER_URL_FILE
DATABASE_URL         the service's own login, which is made where there is none and may do what grants.sql says. Left out: not looked at.
                     Where DATABASE_OWNER_URL is left out: the login that migrates, for a machine of one's own
DESTINATION_COOLING_HOURS
                     how long a changed destination waits. Left out: as it is

Exits with 0 where the database has all that this release needs (also where it is newer, and compatible); with 3 where --check found
something to apply; with 1 where it failed or the two do not go together; with 2 where the words or settings are wrong.`;

interface Words {
  readonly isCheck: boolean;
  readonly isJson: boolean;
}

interface Logins {
  readonly owner: string;
  /** The service's; null where it is not to be looked at. */
  readonly service: string | null;
  readonly coolingHours: number | null;
}

class WrongSetting extends Error {}

function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      check: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values.help ? null : { isCheck: values.check, isJson: values.json };
}

function readLogins(given: Readonly<Record<string, string | undefined>>): Logins {
  // Of other secrets' files, which may be another unit's, nothing is read.
  const ours = Object.entries(given).filter(([name]) => /^(?:DATABASE_|DESTINATION_)/.test(name));
  const { environment, problems } = withSecretFiles(Object.fromEntries(ours));
  const set = (name: string) => environment[name]?.trim() || undefined;
  const wrong = [...problems];
  for (const name of ['DATABASE_OWNER_URL', 'DATABASE_URL']) {
    const text = set(name);
    if (text === undefined) continue;
    if (!URL.canParse(text) || !/^postgres(?:ql)?:/.test(text))
      wrong.push(`${name}: must be a URL that begins with postgres:`);
    else if (!isThisMachine(new URL(text).hostname)) wrong.push(...databaseProblems(name, new URL(text)));
  }
  const hours = set('DESTINATION_COOLING_HOURS');
  if (hours !== undefined && !/^\d{1,3}$/.test(hours)) wrong.push('DESTINATION_COOLING_HOURS: must be a whole number');
  const [ownerUrl, url] = [set('DATABASE_OWNER_URL'), set('DATABASE_URL')];
  const owner = ownerUrl ?? url;
  if (owner === undefined) wrong.push('DATABASE_OWNER_URL: is not set');
  if (wrong.length === 0 && ownerUrl !== undefined && url !== undefined)
    wrong.push(...ownerProblems(new URL(url), new URL(ownerUrl), true));
  if (wrong.length > 0 || owner === undefined) throw new WrongSetting(wrong.join('; '));
  return {
    owner,
    service: ownerUrl !== undefined && url !== undefined ? url : null,
    coolingHours: hours === undefined ? null : Number(hours),
  };
}

function namesOf({ pending, ahead }: SchemaFit) {
  return { pending: pending.map(({ file }) => file), ahead: ahead.map(({ file }) => file) };
}

async function look(owner: string): Promise<ReturnType<typeof namesOf>> {
  const sql = await connectOwner(owner);
  try {
    return namesOf(await schemaFit(sql));
  } finally {
    await sql.end();
  }
}

/** As the service will: with its own login and role. */
async function tryAsService(url: string): Promise<void> {
  const database = openDatabase({ url, poolMax: 1, onIdleError: () => {}, ownLogin: true });
  await assertSchemaFits(database.sql).finally(() => database.close());
}

async function main({ isCheck, isJson }: Words): Promise<number> {
  const { owner, service, coolingHours } = readLogins(process.env);
  const say = (line: string) => {
    if (!isJson) process.stdout.write(`${line}\n`);
  };
  const tell = (report: object) => {
    if (isJson) process.stdout.write(`${JSON.stringify(report)}\n`);
  };
  if (isCheck) {
    const { pending, ahead } = await look(owner);
    say(pending.length > 0 ? `to apply: ${pending.join(', ')}` : upToDate(ahead));
    tell({ applied: [], pending, ahead });
    return pending.length > 0 ? 3 : 0;
  }
  const applied = await migrate(owner, { say, ...(service === null ? {} : { serviceUrl: service }) });
  if (coolingHours !== null) await setDestinationCooling(owner, coolingHours);
  const { pending, ahead } = await look(owner);
  if (service !== null) await tryAsService(service);
  say(applied.length > 0 ? `applied ${applied.join(', ')}` : upToDate(ahead));
  tell({ applied, pending, ahead });
  return 0;
}

function upToDate(ahead: readonly string[]): string {
  return ahead.length === 0
    ? 'up to date'
    : `up to date; newer than this release, which works on it: ${ahead.join(', ')}`;
}

/** The reason too: Postgres's own word is in it. */
function inWords(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return cause instanceof Error ? `${message}: ${describeError(cause).message}` : message;
}

const words = (() => {
  try {
    return readWords(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}\n`);
    process.exit(2);
  }
})();
if (words === null) {
  process.stdout.write(`${help}\n`);
} else {
  process.exitCode = await main(words).catch((error: unknown) => {
    process.stderr.write(`migrate: ${inWords(error)}\n`);
    return error instanceof WrongSetting ? 2 : 1;
  });
}
