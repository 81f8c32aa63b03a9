// One rule for what fails, for every loop: a batch that the database refuses is halved until the one odd row is alone; that one is
// set aside, and the others go on. What only failed (the database is away, two transactions met) says nothing about the rows: all of
// them wait, and are tried again as they were.

import { DatabaseAwayError, sqlState } from './db/away.ts';
import type { Sql } from './db/client.ts';

export interface Taking<T> {
  /** All of them or none: throws where nothing of it was done. */
  readonly take: (items: readonly T[]) => Promise<void>;
  /** One that was refused when it was alone. Throws where it could not be put away: then it is as if nothing had been tried. */
  readonly setAside: (item: T, error: unknown) => Promise<void>;
}

/** Returns when each is taken or set aside. Throws at the first failure that is no refusal; what was done until then stays done. */
export async function takeOrSetAside<T>(items: readonly T[], taking: Taking<T>): Promise<void> {
  const [first] = items;
  if (first === undefined) return;
  try {
    await taking.take(items);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (items.length === 1) return await taking.setAside(first, error);
    const half = Math.ceil(items.length / 2);
    await takeOrSetAside(items.slice(0, half), taking);
    await takeOrSetAside(items.slice(half), taking);
  }
}

/**
 * Whether the rows themselves are at fault, so that the same ones would be refused again: the database refuses them, or our own code
 * threw over them. Everything else that a database says (away, starting, out of memory, a deadlock, a missing right) is not about
 * these rows.
 */
export function isRefused(error: unknown): boolean {
  return sqlState(error) === undefined ? !isConnectionTrouble(error) : isRefusedByDatabase(error);
}

/** Bad data (22), a broken constraint (23), a limit (54), a trigger (P0): not even a mended release would have it taken. */
export function isRefusedByDatabase(error: unknown): boolean {
  return /^(?:22|23|54|P0)/.test(sqlState(error) ?? '');
}

/** What the drivers say of a connection where they give no code: these words, or the system's code as part of the message. */
const connectionWords =
  /connection terminated|connection error|connection is (?:closed|not open)|client was closed|trying to connect|after calling end|database is away|\bE(?:CONN|PIPE|TIMEDOUT|HOST|NET|NOTFOUND|AI_AGAIN|ADDR)/i;

function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseAwayError) return true;
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return true;
  // ECONNRESET and its like, from the system; UND_ERR_… from fetch.
  if ('code' in error && typeof error.code === 'string' && /^(?:E[A-Z_]{3,}|UND_ERR_\w+)$/.test(error.code))
    return true;
  return connectionWords.test(error.message) || isConnectionTrouble(error.cause);
}

/** In the caller's transaction: what fails inside is undone, and the transaction goes on. */
export async function inSavepoint<T>(sql: Sql, work: () => Promise<T>): Promise<T> {
  await sql.query('savepoint part');
  try {
    const result = await work();
    await sql.query('release savepoint part');
    return result;
  } catch (error) {
    await sql.query('rollback to savepoint part');
    throw error;
  }
}
