// One Postgres for all of the origin's test files: started before them, stopped after. Each file makes databases of its own
// from a migrated template, which takes a few milliseconds.

import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import type { Sql } from '../origin/db/client.ts';
import { migrate } from '../origin/db/migrate.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { startTemporaryPostgres, withDatabase } from './temporary-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

const template = 'atlas_template';

/** vitest's globalSetup: what it returns runs at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Tests lose nothing that matters when the machine stops, so nothing waits for its disk.
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  await asOwner(server.url, (sql) => sql.query(`create database ${template}`));
  await migrate(withDatabase(server.url, template));
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

let made = 0;

/** A migrated database of one's own. `empty`: without even the migrations. */
export async function createTestDatabase({ empty = false }: { empty?: boolean } = {}): Promise<string> {
  const serverUrl = inject('postgresUrl');
  made += 1;
  const name = `test_${process.pid}_${made}`;
  await asOwner(serverUrl, (sql) => sql.query(`create database ${name}${empty ? '' : ` template ${template}`}`));
  return withDatabase(serverUrl, name);
}

const migrations = fileURLToPath(new URL('../migrations', import.meta.url));

/** As a release had it whose first missing migration has this number: `0016` stops after 0015. */
export async function createTestDatabaseBefore(number: string): Promise<string> {
  const url = await createTestDatabase({ empty: true });
  const older = await mkdtemp(join(tmpdir(), 'migrations-'));
  for (const file of await readdir(migrations))
    if (file.endsWith('.sql') && file < number) await copyFile(join(migrations, file), join(older, file));
  await migrate(url, older);
  await rm(older, { recursive: true });
  return url;
}

/** Runs as the database's owner: what the service itself has no right to do. */
export async function asOwner<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await connectOwner(url);
  return await work(sql).finally(() => sql.end());
}
