// The one file that knows which Postgres this is: Neon over its WebSocket driver where the host says so, otherwise any
// Postgres over TCP. Both give the same pool and the same drizzle database.

import * as neon from '@neondatabase/serverless';
import { drizzle as drizzleNeon } from 'drizzle-orm/neon-serverless';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { asError } from './away.ts';
import type { Sql } from './client.ts';

/** What both drivers' pools have in common, in one type: their own are unions of overloads that cannot be called. */
export interface Pool extends Sql {
  connect(): Promise<Connection>;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  end(): Promise<void>;
}
export interface Connection extends Sql {
  release(broken?: Error): void;
}

export type Orm = PgDatabase<PgQueryResultHKT>;

export interface Opened {
  readonly pool: Pool;
  readonly orm: Orm;
  /** Over its WebSocket there is no socket to look at: it is TLS always. */
  readonly isNeon: boolean;
  /** Whom connections that are opened from now on connect as, and where. */
  useUrl(url: string): void;
  /** Those that are open, in use or idle. */
  readonly connections: ReadonlySet<Connection>;
}

export interface PoolOptions {
  readonly url: string;
  readonly poolMax: number;
  /** Settings of each session, by the driver's start message. */
  readonly settings: Readonly<Record<string, string>>;
  readonly connectMsMax: number;
  readonly onIdleError: (error: Error) => void;
  /** A connection over TCP was made: its socket, a TLS one where it is. */
  readonly connected: (socket: object) => void;
}

function isNeon(url: string): boolean {
  return new URL(url).hostname.endsWith('.neon.tech');
}

/**
 * Neon's `-pooler` host is PgBouncer in transaction mode, where neither a session's role nor an advisory lock holds.
 * The bounded pool here makes it unnecessary, so its direct host is used instead.
 */
export function directUrl(url: string): string {
  const direct = new URL(url);
  if (isNeon(url)) direct.hostname = direct.hostname.replace(/-pooler(?=\.)/, '');
  return direct.href;
}

/** The first sign of life on an idle line after 10 s: a router that has forgotten the connection is found out while nobody waits. */
const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

export function openPool({ url, poolMax, settings, connectMsMax, onIdleError, connected }: PoolOptions): Opened {
  const options = {
    connectionString: directUrl(url),
    max: poolMax,
    connectionTimeoutMillis: connectMsMax,
    idleTimeoutMillis: 30_000,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
      .join(' '),
    application_name: 'atlas-origin',
    ...keepAlive,
  };
  const connections = new Set<Connection>();
  const idleError = (error: unknown) => onIdleError(asError(error));
  if (isNeon(url)) {
    const pool = new neon.Pool(options);
    pool.on('error', idleError);
    pool.on('connect', (client: neon.PoolClient) => {
      client.on('error', hearElsewhere);
      connections.add(client);
    });
    pool.on('remove', (client: neon.PoolClient) => connections.delete(client));
    return { pool, orm: drizzleNeon(pool), isNeon: true, connections, useUrl: useUrlIn(pool) };
  }
  const pool = new pg.Pool(options);
  pool.on('error', idleError);
  pool.on('connect', (client) => {
    client.on('error', hearElsewhere);
    connections.add(client);
    connected(socketOf(client));
  });
  pool.on('remove', (client) => connections.delete(client));
  return { pool, orm: drizzlePg(pool), isNeon: false, connections, useUrl: useUrlIn(pool) };
}

/** A pool makes each connection of its options as they are at that moment; its type does not say so. */
function useUrlIn(pool: object): (url: string) => void {
  const { options } = pool as { readonly options: { connectionString: string } };
  return (url) => {
    options.connectionString = directUrl(url);
  };
}

/** The drivers have it, and no type for it. */
export function socketOf(client: object): { destroy(): void; readonly encrypted?: boolean } {
  return (client as { readonly connection: { readonly stream: ReturnType<typeof socketOf> } }).connection.stream;
}

/**
 * While a connection is in use the pool does not listen to it, and an unheard 'error' would end the process. Whoever waits
 * for a query on it hears of the same failure there.
 */
function hearElsewhere(): void {}

/** A host that takes a connection and then says nothing would otherwise be waited for without end. A database that sleeps wakes in seconds. */
const connectMsMax = 30_000;

/**
 * One connection as the login's own role, for migrations. The caller ends it. `answerMsMax`: bounds the connecting and each statement,
 * for whoever only looks; without it a statement may take as long as it takes.
 */
export async function connectOwner(
  url: string,
  { answerMsMax }: { answerMsMax?: number } = {},
): Promise<Sql & { end(): Promise<void> }> {
  const settings = {
    connectionString: directUrl(url),
    connectionTimeoutMillis: answerMsMax ?? connectMsMax,
    ...keepAlive,
    ...(answerMsMax === undefined ? {} : { query_timeout: answerMsMax }),
  };
  const client = isNeon(url) ? new neon.Client(settings) : new pg.Client(settings);
  client.on('error', hearElsewhere);
  await client.connect().catch((error: unknown) => {
    throw asError(error);
  });
  return client;
}
