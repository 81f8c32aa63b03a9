// What a session of the service must be, asked of the server once for each connection, before anything is done on it. A pooler that
// drops the settings of the start message would hand out the login's own rights, or a commit that waits for no disk.

import { DatabaseAwayError } from './away.ts';
import type { Sql } from './client.ts';

/** The role the service works as (migrations/0001): each connection takes it when it opens, so none can work as the owner. */
export const serviceRole = 'atlas_app';

const versionMin = 16;
/** Between two statements of a transaction we wait for nothing (held.ts): one that does stand still must not hold its locks for long. */
const idleInTransactionMsMax = 5_000;

/** `answerMsMax`: the server gives up a moment before the caller would, so that it says why and keeps the connection. */
export function sessionSettings(answerMsMax: number): Record<string, string> {
  return {
    role: serviceRole,
    // Last, so that a temporary table is never found in the place of one of ours.
    search_path: 'public,pg_temp',
    default_transaction_isolation: 'read committed',
    // For the trigger of migration 0043, which tells for releases that do not.
    'atlas.tells_of_settlements': 'service',
    idle_in_transaction_session_timeout: `${idleInTransactionMsMax}`,
    statement_timeout: `${Math.ceil(answerMsMax * 0.9)}`,
    lock_timeout: `${Math.min(10_000, Math.ceil(answerMsMax * 0.6))}`,
  };
}

export interface Session {
  /**
   * Which run of the server it is: another one after a crash or a failover, the same one after an orderly restart, which loses
   * nothing. A crash drops the server's statistics, so that the instant of their reset names the run.
   */
  readonly serverRun: string;
  /** Whom the server has let in; the session works as the service's role all the same. */
  readonly login: string;
}

interface Row {
  readonly role: string;
  readonly commits: string;
  readonly isolation: string;
  readonly idle_ms: string;
  readonly is_replica: boolean;
  readonly read_only: string;
  readonly version: string;
  readonly run: string | null;
  readonly path: string;
  readonly login: string;
  /** What its login could do beside the role; null: nothing. */
  readonly might: string | null;
}

export interface Asked {
  /** Whether the connection is TLS; null where that is not asked for. */
  readonly encrypted: boolean | null;
  /** True: a login that owns our tables, or may become one that does, is refused. */
  readonly ownLogin: boolean;
}

/** SQL: what makes the login more than the service's own. Whoever takes the service over has what its login has. */
const mightOfLogin = `(
  select case
      when r.rolsuper then 'is a superuser'
      when r.rolcreaterole then 'may create roles'
      when r.rolbypassrls or r.rolreplication then 'may replicate, or pass over row security'
      when exists (
        select from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(r.oid, c.relowner, 'member')
      ) then 'owns tables'
    end
  from pg_roles r where r.rolname = session_user
)`;

/** Throws what is wrong with the session. */
export async function assertSession(sql: Sql, { encrypted, ownLogin }: Asked): Promise<Session> {
  const { rows } = await sql.query<Row>(
    `select current_user as role, current_setting('synchronous_commit') as commits,
       current_setting('default_transaction_isolation') as isolation,
       extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval) * 1000 || '' as idle_ms,
       pg_is_in_recovery() as is_replica, current_setting('default_transaction_read_only') as read_only,
       current_setting('server_version_num') as version, (select stats_reset from pg_stat_archiver)::text as run,
       current_setting('search_path') as path, session_user as login, ${ownLogin ? mightOfLogin : 'null'} as might`,
  );
  const [row] = rows;
  const problem = row === undefined ? 'says nothing of itself' : problemOf(row, encrypted);
  if (problem !== null) throw new DatabaseAwayError(`the database's session is refused: it ${problem}`);
  return { serverRun: row?.run ?? '', login: row?.login ?? '' };
}

function problemOf(row: Row, encrypted: boolean | null): string | null {
  const lost = 'does something between us and Postgres (a pooler) drop the settings of a session?';
  if (row.role !== serviceRole) return `works as ${row.role} and not as ${serviceRole}; ${lost}`;
  const major = Math.floor(Number(row.version) / 10_000);
  if (major < versionMin) return `is of Postgres ${major}; ${versionMin} is the oldest that will do`;
  if (row.commits === 'off')
    return 'commits without waiting for the disk (synchronous_commit is off); set it to on for the server';
  if (row.isolation !== 'read committed') return `has the isolation ${row.isolation} and not read committed; ${lost}`;
  if (Number(row.idle_ms) !== idleInTransactionMsMax)
    return `has another idle_in_transaction_session_timeout than ${idleInTransactionMsMax} ms; ${lost}`;
  if (row.path.replaceAll(' ', '') !== 'public,pg_temp') return `has the search_path ${row.path}; ${lost}`;
  if (row.might !== null)
    return `is of the login ${row.login}, which ${row.might}; DATABASE_URL must name the service's own, which npm run migrate makes`;
  if (row.is_replica) return 'is of a replica, which cannot write; DATABASE_URL must name the primary';
  if (row.read_only !== 'off') return 'cannot write (default_transaction_read_only is on)';
  if (encrypted === false) return 'is not encrypted; add sslmode=verify-full to DATABASE_URL';
  return null;
}
