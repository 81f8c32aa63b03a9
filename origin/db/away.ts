// Why the database could not be asked, told apart from what it refuses. Whoever asked may try again; nothing is known to be wrong
// with what was asked for.

/** No answer in time, a session that is not as it must be, or a commit that a crash may have undone. */
export class DatabaseAwayError extends Error {
  override readonly name = 'DatabaseAwayError';
}

/** The SQLSTATE of a database's refusal, also where drizzle has wrapped it; undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) return error.code;
  return sqlState(error.cause);
}

/**
 * What Postgres itself says where it cannot serve now: connection (08), no room (53), stopping or starting (57P), a statement, lock or
 * transaction beyond its time (57014, 55P03, 25P03), and two transactions that met (40001, 40P01), after our own tries.
 */
const awayStates = /^(?:08...|53...|57P..|57014|55P03|25P03|40001|40P01)$/;
/** The drivers' own words, where they give no code. */
const awayWords =
  /timeout exceeded when trying to connect|[Cc]onnection terminated|connection error|not queryable|ECONNREFUSED|ECONNRESET|starting up|shutting down/;

export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseAwayError || awayStates.test(sqlState(error) ?? '')) return true;
  return awayWords.test(error.message) || isDatabaseAway(error.cause);
}

/**
 * An Error in any case: Neon's driver rejects with the WebSocket's event, which is no Error and reads as `[object ErrorEvent]`. Its
 * own message says what happened: `connect ECONNREFUSED 127.0.0.1:443`.
 */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const { message, error } = (thrown ?? {}) as { message?: unknown; error?: unknown };
  const said = typeof message === 'string' && message !== '' ? message : 'and does not say why';
  return new DatabaseAwayError(`the connection to the database failed: ${said}`, {
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
