// The one file that knows which Postgres this is: Neon over its WebSocket driver where the host says so, otherwise any
// Postgres over TCP. Both give the same pool and the same drizzle database. The pool's bound holds under any load (C1).

import * as neon from '@neondatabase/serverless';
import { drizzle as drizzleNeon } from 'drizzle-orm/neon-serverless';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { type OnWait, throwOnWait, whileHeld } from './held.ts';
import * as schema from './schema.ts';

/** The role the service works as (migrations/0001): each connection takes it when it opens, so none can work as the owner. */
const role = 'atlas_app';

/** What a statement needs of a connection; a pool and a transaction both have it. */
export interface Sql {
  query<Row extends object>(statement: string | Statement, values?: unknown[]): Promise<{ rows: Row[] }>;
}
/** A named statement is parsed and planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

export interface Database {
  readonly sql: Sql;
  readonly orm: PgDatabase<PgQueryResultHKT, typeof schema>;
  /** Runs in one transaction: commits what the function did, or nothing where it throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  use(): PoolUse;
  close(): Promise<void>;
}

export interface PoolUse {
  readonly max: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Who is told of what the database does. */
export interface DatabaseWatch {
  /** Something was written, and is on the disk. */
  committed(seconds: number): void;
  /** What ended a connection, or kept one from opening: not what the server refuses. */
  failed(error: Error): void;
  /** A connection over TCP was made: its socket, a TLS one where it is. */
  connected?(socket: object): void;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax: number;
  /** A connection that broke while idle: the pool replaces it, and nothing else would say so. */
  readonly onIdleError: (error: Error) => void;
  /** What becomes of a call to something else that is made inside a transaction (held.ts); it throws where nothing is said. */
  readonly onWait?: OnWait;
  readonly watch?: DatabaseWatch;
  /**
   * Another pool of this process on the same database. The two make their commits durable together: what one has committed and
   * the other has read is on the disk before either tells of it.
   */
  readonly beside?: Database;
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

export function openDatabase(given: DatabaseOptions): Database {
  const { url, poolMax, onIdleError } = given;
  const options = {
    connectionString: directUrl(url),
    max: poolMax,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // At the start of the session, so that a connection which cannot take the role does not open at all.
    options: `-c role=${role} -c idle_in_transaction_session_timeout=60000`,
    application_name: 'atlas-origin',
  };
  if (isNeon(url)) {
    const pool = new neon.Pool(options);
    pool.on('error', onIdleError);
    pool.on('connect', (client: neon.PoolClient) => client.on('error', hearElsewhere));
    return databaseOn(pool, drizzleNeon(pool, { schema }), given);
  }
  const pool = new pg.Pool(options);
  pool.on('error', onIdleError);
  pool.on('connect', (client) => {
    client.on('error', hearElsewhere);
    given.watch?.connected?.(socketOf(client));
  });
  return databaseOn(pool, drizzlePg(pool, { schema }), given);
}

/** The driver has it, and no type for it. */
function socketOf(client: pg.ClientBase): object {
  return (client as unknown as { readonly connection: { readonly stream: object } }).connection.stream;
}

/** What both drivers' pools have in common, in one type: their own are unions of overloads that cannot be called. */
interface Pool extends Sql {
  connect(): Promise<Connection>;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  end(): Promise<void>;
}
interface Connection extends Sql {
  release(broken?: Error): void;
}

/** Of each pool; another pool beside it shares it. */
const flushers = new WeakMap<Database, Flusher>();

function databaseOn(pool: Pool, orm: Database['orm'], options: DatabaseOptions): Database {
  const { poolMax: max, onWait = throwOnWait, beside, watch = nobody } = options;
  const { connect } = pool;
  pool.connect = () => connect.call(pool).catch((error: Error) => toldTo(watch, error));
  // In the pool itself, so that drizzle's statements go this way too.
  pool.query = (statement, values) => query(pool, watch, statement, values);
  const flusher = (beside === undefined ? undefined : flushers.get(beside)) ?? createFlusher(pool);
  const database: Database = {
    sql: pool,
    orm,
    transaction: (work) => inTransaction(pool, { flusher, watch }, (sql) => whileHeld(onWait, () => work(sql))),
    use: () => ({ max, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
  flushers.set(database, flusher);
  return database;
}

/**
 * One statement. The drivers' own drops its connection for every error: a caller whose statements are refused would have the
 * server open one after the other, and hold more at a time than the bound, since one that ends is there for a moment yet.
 */
async function query<Row extends object>(
  pool: Pool,
  watch: DatabaseWatch,
  statement: string | Statement,
  values?: unknown[],
) {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await client.query<Row>(statement, values);
  } catch (error) {
    if (error instanceof Error && !isRefusal(error)) broken = error;
    if (broken !== undefined) watch.failed(broken);
    throw error;
  } finally {
    client.release(broken);
  }
}

const nobody: DatabaseWatch = { committed: () => {}, failed: () => {} };

function toldTo(watch: DatabaseWatch, error: Error): never {
  watch.failed(error);
  throw error;
}

/** The server has refused the statement, and goes on with the connection: of anything worse it says FATAL, or nothing. */
function isRefusal(error: Error): boolean {
  return 'severity' in error && error.severity === 'ERROR';
}

interface Ends {
  readonly flusher: Flusher;
  readonly watch: DatabaseWatch;
}

async function inTransaction<T>(pool: Pool, { flusher, watch }: Ends, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  let result: T;
  let wrote: boolean;
  let commitAtMs = 0;
  try {
    await client.query('begin; set local synchronous_commit to off');
    result = await work(client);
    commitAtMs = performance.now();
    wrote = await commit(client);
  } catch (error) {
    // A connection that cannot even roll back is dropped; the server rolls back what it had open.
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    if (broken !== undefined) watch.failed(broken);
    throw error;
  } finally {
    client.release(broken);
  }
  // What only looked may have seen what is not on the disk yet, and its caller may tell of it.
  await (wrote ? flusher.flush() : flusher.underWay());
  if (wrote) watch.committed((performance.now() - commitAtMs) / 1_000);
  return result;
}

/** Says whether the transaction wrote anything: what only looked, as loops that find nothing to do, needs no disk. */
async function commit(client: Connection): Promise<boolean> {
  // Two statements in one message, so the driver answers with a result for each.
  const results: unknown = await client.query('select pg_current_xact_id_if_assigned() is not null as wrote; commit');
  const [first] = results as readonly { rows: readonly { wrote: boolean }[] }[];
  return first?.rows[0]?.wrote !== false;
}

/**
 * Makes what was committed durable, for many at once. A transaction commits without waiting for the disk, so that its locks (the
 * heads of the hash chains, a hot balance) are free again at once; its caller hears of it only after one flush that came later.
 * The log is one sequence: whatever is durable, everything that was committed before it is too.
 */
interface Flusher {
  flush(): Promise<void>;
  /** Waits for what others of this process have committed already. */
  underWay(): Promise<void>;
}

function createFlusher(pool: Pool): Flusher {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    // An empty message in the log, in a transaction of its own that does wait for the disk.
    await pool.query(`select pg_logical_emit_message(true, 'atlas', '')`);
  };
  const start = (): Promise<void> => {
    running = write().finally(() => {
      running = null;
    });
    return running;
  };
  return {
    underWay: async () => await (next ?? running ?? undefined),
    flush() {
      // The one under way may have begun before our commit; the one after it covers everybody who has come by then.
      if (running === null) return start();
      next ??= running
        .then(
          () => {},
          () => {},
        )
        .then(() => {
          next = null;
          return start();
        });
      return next;
    },
  };
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
    ...(answerMsMax === undefined ? {} : { query_timeout: answerMsMax }),
  };
  const client = isNeon(url) ? new neon.Client(settings) : new pg.Client(settings);
  client.on('error', hearElsewhere);
  await client.connect();
  return client;
}

/** The SQLSTATE of a database's refusal, also where drizzle has wrapped it; undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) return error.code;
  return sqlState(error.cause);
}
