// One Postgres for all of the origin's test files: started before them, stopped after. Each file makes databases of its own
// from a migrated template, which takes a few milliseconds.

import { randomBytes } from 'node:crypto';
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
    /** Its owner's, a superuser here. */
    postgresUrl: string;
    /** Of the service's own login, which tests work as. */
    servicePassword: string;
  }
}

const template = 'atlas_template';
const serviceLogin = 'atlas_service';

/** vitest's globalSetup: what it returns runs at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Tests lose nothing that matters when the machine stops, so nothing waits for its disk.
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  await by(server.url, (sql) => sql.query(`create database ${template}`));
  const servicePassword = randomBytes(18).toString('base64url');
  const url = withDatabase(server.url, template);
  await migrate(url, { serviceUrl: withLogin(url, serviceLogin, servicePassword) });
  project.provide('postgresUrl', server.url);
  project.provide('servicePassword', servicePassword);
  return () => server.stop();
}

let made = 0;

/** A migrated database of one's own, by the service's login. `empty`: without even the migrations, so by its owner's. */
export async function createTestDatabase({ empty = false }: { empty?: boolean } = {}): Promise<string> {
  const serverUrl = inject('postgresUrl');
  made += 1;
  const name = `test_${process.pid}_${made}`;
  await asOwner(serverUrl, (sql) => sql.query(`create database ${name}${empty ? '' : ` template ${template}`}`));
  const url = withDatabase(serverUrl, name);
  return empty ? url : serviceUrl(url);
}

/** The same database as the service has it: with a login of its own, which owns nothing. */
export function serviceUrl(url: string): string {
  return withLogin(url, serviceLogin, inject('servicePassword'));
}

/** The same database with its owner's login, for what the service itself has no right to do. */
export function ownerUrl(url: string): string {
  const { username, password } = new URL(inject('postgresUrl'));
  return withLogin(url, username, password);
}

function withLogin(url: string, login: string, password: string): string {
  const other = new URL(url);
  other.username = login;
  other.password = password;
  return other.href;
}

/** A migrated database on a server of its own, where no other test writes. */
export async function startOwnDatabase(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  await migrate(server.url);
  return server;
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
  return serviceUrl(url);
}

/** Runs as the database's owner: what the service itself has no right to do. */
export async function asOwner<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  return await by(ownerUrl(url), work);
}

async function by<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await connectOwner(url);
  return await work(sql).finally(() => sql.end());
}
