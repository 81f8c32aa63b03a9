// The pool of connections: its bound holds under any load (C1), and nobody waits for an answer without end. A call has one time for
// all of it, the connection, the statements and the commit; what does not answer by then is destroyed and not waited for.

import { asError, sqlState } from './away.ts';
import { BoundedUse, Connections } from './connections.ts';
import { createFlusher, type Flusher } from './flush.ts';
import { type OnWait, throwOnWait, whileHeld } from './held.ts';
import type { FormerLogin } from './logins.ts';
import { createRest, type Rest } from './rest.ts';
import { sessionSettings } from './session.ts';
import { type Orm, openPool } from './which-postgres.ts';

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
  readonly orm: Orm;
  /** Runs in one transaction: commits what the function did, or nothing where it throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  use(): PoolUse;
  /** How long the oldest commit that waits for the disk has waited; 0 where none does. */
  flushAgeMs(): number;
  /** Where loops wait that have nothing to do. */
  readonly rest: Rest;
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
  /** A transaction met another one and is done again. */
  repeated?(): void;
  /** The newest login was refused, and what became of the former one. */
  loginRefused?(former: FormerLogin): void;
  /** A connection over TCP was made: its socket, a TLS one where it is. */
  connected?(socket: object): void;
}

export interface DatabaseOptions {
  readonly url: string;
  /** The same database under the login of before, while that is changed: shown where the first one is refused (logins.ts). */
  readonly formerUrl?: string | undefined;
  readonly poolMax: number;
  /** A connection that broke while idle: the pool replaces it, and nothing else would say so. */
  readonly onIdleError: (error: Error) => void;
  /** What becomes of a call to something else that is made inside a transaction (held.ts); it throws where nothing is said. */
  readonly onWait?: OnWait;
  readonly watch?: DatabaseWatch;
  /**
   * Another pool of this process on the same database. The two make their commits durable together: what one has committed and
   * the other has read is on the disk before either tells of it. And what one writes wakes the loops that rest by the other.
   */
  readonly beside?: Database;
  /** How long one call may take in all: 5 s where somebody waits for an answer; by default as long as a loop may. */
  readonly answerMsMax?: number;
  /** True: a connection without TLS is refused. */
  readonly tls?: boolean;
  /** True: a login that is, or may become, the owner of our tables is refused. */
  readonly ownLogin?: boolean;
}

/** A loop that waits longer stands still by its own rule (loop.ts, 60 s). */
const answerMsMaxDefault = 30_000;
/** For a connection, new or given back. */
const connectMsMax = 5_000;

export function openDatabase(given: DatabaseOptions): Database {
  const { url, poolMax, onIdleError, answerMsMax = answerMsMaxDefault, onWait = throwOnWait, beside } = given;
  const watch = given.watch ?? nobody;
  const opened = openPool({
    ...{ url, poolMax, onIdleError },
    settings: sessionSettings(answerMsMax),
    connectMsMax: Math.min(connectMsMax, answerMsMax),
    connected: (socket) => watch.connected?.(socket),
  });
  const { pool } = opened;
  const logins = { url, formerUrl: given.formerUrl };
  const connections = new Connections(opened, {
    ...{ answerMsMax, watch, logins, tls: given.tls === true, ownLogin: given.ownLogin === true },
  });
  // In the pool itself, so that drizzle's statements go this way too.
  pool.connect = () => connections.take(performance.now() + answerMsMax);
  pool.query = async <Row extends object>(statement: string | Statement, values?: unknown[]) =>
    (await connections.query<Row>(statement, values, answerMsMax)).result;
  const flusher = (beside === undefined ? undefined : flushers.get(beside)) ?? createFlusher(writerOf(connections));
  const rest = beside?.rest ?? createRest(pool);
  const database: Database = {
    sql: pool,
    orm: opened.orm,
    transaction: (work) =>
      inTransaction(connections, { flusher, watch, rest }, (sql) => whileHeld(onWait, () => work(sql))),
    use: () => ({ max: poolMax, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    flushAgeMs: () => flusher.ageMs(),
    rest,
    close: () => connections.close(),
  };
  flushers.set(database, flusher);
  return database;
}

/** Of each pool; another pool beside it shares it. */
const flushers = new WeakMap<Database, Flusher>();

/** An empty message in the log, in a transaction of its own that does wait for the disk. */
function writerOf(connections: Connections) {
  return async (msMax: number): Promise<string> => {
    const { session } = await connections.query(`select pg_logical_emit_message(true, 'atlas', '')`, undefined, msMax);
    return session.serverRun;
  };
}

const nobody: DatabaseWatch = { committed: () => {}, failed: () => {} };

interface Ends {
  readonly flusher: Flusher;
  readonly watch: DatabaseWatch;
  readonly rest: Rest;
}

/** Two that waited for each other (a deadlock), or could not have come one after the other: the server undid one of them, whole. */
const metAnother = ['40P01', '40001'];
const triesMax = 4;

/** Done again where it met another one: it has no effect but in the database (held.ts), and there nothing is left of it. */
async function inTransaction<T>(connections: Connections, ends: Ends, work: (sql: Sql) => Promise<T>): Promise<T> {
  const untilMs = performance.now() + connections.answerMsMax;
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryTransaction(connections, { ...ends, untilMs }, work);
    } catch (error) {
      const isLast = tries === triesMax || performance.now() > untilMs;
      if (isLast || !metAnother.includes(sqlState(error) ?? '')) throw error;
      ends.watch.repeated?.();
      // Not in step with whom it met.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** tries));
    }
  }
}

async function tryTransaction<T>(
  connections: Connections,
  { flusher, watch, rest, untilMs }: Ends & { readonly untilMs: number },
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = await connections.take(untilMs);
  const use = new BoundedUse(client, untilMs);
  const { serverRun } = connections.sessionOf(client);
  let broken: Error | undefined;
  let result: T;
  let wrote: boolean;
  let commitAtMs = 0;
  try {
    await use.query('begin; set local synchronous_commit to off');
    result = await work(use);
    commitAtMs = performance.now();
    wrote = await commit(use);
  } catch (error) {
    // A connection that cannot even roll back is dropped; the server rolls back what it had open.
    await use.query('rollback').catch((failure: unknown) => {
      broken = asError(failure);
    });
    // Why it was silent, and not what became of the statement when its connection was destroyed.
    throw use.silent ?? error;
  } finally {
    connections.giveBack(client, use, broken);
  }
  // What only looked may have seen what is not on the disk yet, and its caller may tell of it.
  await (wrote ? flusher.flush(serverRun) : flusher.underWay(serverRun));
  if (wrote) {
    watch.committed((performance.now() - commitAtMs) / 1_000);
    rest.written();
  }
  return result;
}

/** Says whether the transaction wrote anything: what only looked, as loops that find nothing to do, needs no disk. */
async function commit(sql: Sql): Promise<boolean> {
  // Two statements in one message, so the driver answers with a result for each.
  const results: unknown = await sql.query('select pg_current_xact_id_if_assigned() is not null as wrote; commit');
  const [first] = results as readonly { rows: readonly { wrote: boolean }[] }[];
  return first?.rows[0]?.wrote !== false;
}
