// A pool's connections: each is known to be as it must be before it is used, and is used until an instant. Then it is destroyed, and
// whoever waits for it hears so: a server, or a line to it, that says nothing more holds nobody.

import { asError, DatabaseAwayError } from './away.ts';
import type { DatabaseWatch, Sql, Statement } from './client.ts';
import { Logins } from './logins.ts';
import { assertSession, type Session } from './session.ts';
import { type Connection, type Opened, socketOf } from './which-postgres.ts';

/** For idle connections to say good-bye. */
const closeMsMax = 2_000;

interface ConnectionsOptions {
  readonly answerMsMax: number;
  readonly watch: DatabaseWatch;
  readonly tls: boolean;
  readonly ownLogin: boolean;
  readonly logins: { readonly url: string; readonly formerUrl: string | undefined };
}

/** A pool's connections, each known to be as it must be before it is used. */
export class Connections {
  readonly #opened: Opened;
  readonly #connect: () => Promise<Connection>;
  readonly #options: ConnectionsOptions;
  readonly #logins: Logins;
  readonly #sessions = new WeakMap<Connection, Session & { heardMs: number }>();
  /** When a connection was found silent: others that have said nothing since may be as dead as that one. */
  #silentMs = 0;
  /** Of the newest connection. */
  #serverRun = '';

  constructor(opened: Opened, options: ConnectionsOptions) {
    this.#opened = opened;
    this.#options = options;
    const { pool } = opened;
    this.#connect = pool.connect.bind(pool);
    this.#logins = new Logins({
      ...options.logins,
      use: opened.useUrl,
      refused: (former) => options.watch.loginRefused?.(former),
    });
  }

  get answerMsMax(): number {
    return this.#options.answerMsMax;
  }

  sessionOf(client: Connection): Session {
    return this.#sessions.get(client) ?? { serverRun: '', login: '' };
  }

  /** Throws where none is there until then. */
  async take(untilMs: number): Promise<Connection> {
    try {
      for (;;) {
        const client = await this.#logins.connect(() => inTime(this.#connect(), untilMs, (late) => late.release()));
        const session = this.#sessions.get(client);
        if (session === undefined) return await this.#begin(client, untilMs);
        const isWell = session.heardMs >= this.#silentMs && session.serverRun === this.#serverRun;
        if (isWell && !this.#logins.isOver(session.login)) return client;
        client.release(new Error('of before a silence or a crash, or of a login that is being changed'));
      }
    } catch (thrown) {
      const error = asError(thrown);
      this.#options.watch.failed(error);
      throw error;
    }
  }

  async #begin(client: Connection, untilMs: number): Promise<Connection> {
    const use = new BoundedUse(client, untilMs);
    try {
      const { isNeon } = this.#opened;
      const { tls, ownLogin } = this.#options;
      const encrypted = tls && !isNeon ? socketOf(client).encrypted === true : null;
      const session = await assertSession(use, { encrypted, ownLogin });
      this.#sessions.set(client, { ...session, heardMs: performance.now() });
      this.#serverRun = session.serverRun;
      use.end();
      return client;
    } catch (error) {
      use.end();
      client.release(asError(error));
      throw error;
    }
  }

  /** What `broken` says: it is not used again. */
  giveBack(client: Connection, use: BoundedUse, broken: Error | undefined): void {
    use.end();
    const session = this.#sessions.get(client);
    if (use.silent !== undefined) this.#silentMs = performance.now();
    else if (broken === undefined && session !== undefined) session.heardMs = performance.now();
    if (broken !== undefined) this.#options.watch.failed(broken);
    client.release(broken);
  }

  /**
   * One statement. The drivers' own drops its connection for every error: a caller whose statements are refused would have the
   * server open one after the other, and hold more at a time than the bound, since one that ends is there for a moment yet.
   */
  async query<Row extends object>(statement: string | Statement, values: unknown[] | undefined, msMax: number) {
    const untilMs = performance.now() + msMax;
    const client = await this.take(untilMs);
    const use = new BoundedUse(client, untilMs);
    let broken: Error | undefined;
    try {
      return { result: await use.query<Row>(statement, values), session: this.sessionOf(client) };
    } catch (error) {
      if (error instanceof Error && !isRefusal(error)) broken = error;
      throw error;
    } finally {
      this.giveBack(client, use, broken);
    }
  }

  /** Returns in any case: a connection that cannot say good-bye is destroyed. */
  async close(): Promise<void> {
    const { pool, connections } = this.#opened;
    const timer = setTimeout(() => {
      for (const client of connections) socketOf(client).destroy();
    }, closeMsMax);
    await pool.end().finally(() => clearTimeout(timer));
  }
}

/** A connection until an instant: then it is destroyed, and whoever waits for an answer on it hears so. */
export class BoundedUse implements Sql {
  readonly #client: Connection;
  readonly #late = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout;
  /** Why it was given up; undefined where it answered in time. */
  silent: Error | undefined;

  constructor(client: Connection, untilMs: number) {
    this.#client = client;
    this.#late.promise.catch(() => {});
    const msMax = Math.max(0, untilMs - performance.now());
    this.#timer = setTimeout(() => {
      this.silent = new DatabaseAwayError(`the database gave no answer within ${Math.round(msMax)} ms`);
      socketOf(client).destroy();
      this.#late.reject(this.silent);
    }, msMax);
  }

  query<Row extends object>(statement: string | Statement, values?: unknown[]): Promise<{ rows: Row[] }> {
    const answer = this.#client.query<Row>(statement, values).catch((thrown: unknown) => {
      throw asError(thrown);
    });
    return Promise.race([answer, this.#late.promise]);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** `late`: for what comes after nobody waits for it any more. */
function inTime<T>(work: Promise<T>, untilMs: number, late: (result: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        work.then(late, () => {});
        reject(new DatabaseAwayError('no connection to the database was to be had in time'));
      },
      Math.max(0, untilMs - performance.now()),
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The server has refused the statement, and goes on with the connection: of anything worse it says FATAL, or nothing. */
function isRefusal(error: Error): boolean {
  return 'severity' in error && error.severity === 'ERROR';
}
