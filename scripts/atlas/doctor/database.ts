// The database with the origin's own login, where this machine has it: migrations, roles, clock, and that a commit is on the disk.

import type { Sql } from '../../../origin/db/client.ts';
import { schemaFit } from '../../../origin/db/schema-fit.ts';
import { connectOwner } from '../../../origin/db/which-postgres.ts';
import { type Check, messageOf, notLookedAt, ok, unreachable, wrong } from './check.ts';
import { skewCheck } from './clocks.ts';
import { answersAt } from './machine.ts';

/** Also for a host that takes connections and is stuck behind them. */
const answerMsMax = 10_000;

export async function databaseChecks(url: string | undefined): Promise<Check[]> {
  if (url === undefined) return [notLookedAt('database', "needs DATABASE_URL, the origin's: run it where that is")];
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // Asked first, because the driver waits for a host that is silent as long as the system does: minutes.
  if (!(await answersAt(host, Number(port || 5432))))
    return [
      unreachable(
        'database',
        `nobody answers at ${host}:${port || 5432}`,
        'is it up, is the host right, does a firewall let you in?',
      ),
    ];
  const beganMs = Date.now();
  try {
    return [ok('database', `${host} answers`), ...(await lookInto(url, host))];
  } catch (error) {
    // The driver's own words for it differ with where it waits; its timer and this clock differ by some milliseconds.
    const isMute = Date.now() - beganMs > answerMsMax * 0.9;
    return [
      isMute
        ? unreachable(
            'database',
            `${host} takes connections and does not answer within ${answerMsMax / 1_000} s`,
            'is it frozen, recovering, or out of connections or disk? its log and console; ops/runbooks/db-errors.md',
          )
        : wrong(
            'database',
            messageOf(error),
            'the host, port, login and password in DATABASE_URL; TLS as sslmode=verify-full; does a firewall let you in?',
          ),
    ];
  }
}

async function lookInto(url: string, host: string): Promise<Check[]> {
  const sql = await connectOwner(url, { answerMsMax });
  try {
    return [await migrationCheck(sql), ...(await roleChecks(sql, host)), await diskCheck(sql), await clockCheck(sql)];
  } finally {
    await sql.end();
  }
}

async function migrationCheck(sql: Sql): Promise<Check> {
  const name = 'migrations';
  try {
    const { pending, ahead } = await schemaFit(sql);
    if (pending.length === 0)
      return ok(name, ahead.length === 0 ? 'all are applied' : 'newer than this release, which works on them');
    return wrong(
      name,
      `not applied: ${pending.map(({ file }) => file).join(', ')}`,
      'npm run migrate, with the owner’s login in DATABASE_OWNER_URL',
    );
  } catch (error) {
    return wrong(
      name,
      messageOf(error),
      'run a release that knows these migrations; an older one runs on them only where they say so (docs/releasing.md)',
    );
  }
}

/** On this machine itself a development's superuser is no finding. */
async function roleChecks(sql: Sql, host: string): Promise<Check[]> {
  const { rows } = await sql.query<{ login: string; is_super: boolean; is_there: boolean; may_set: boolean }>(
    `select current_user as login, r.rolsuper as is_super, a.oid is not null as is_there,
       a.oid is not null and pg_has_role(current_user, a.oid, 'set') as may_set
     from pg_roles r left join pg_roles a on a.rolname = 'atlas_app' where r.rolname = current_user`,
  );
  const { login = '', is_super = false, is_there = false, may_set = false } = rows[0] ?? {};
  const isHere = ['localhost', '127.0.0.1', '::1'].includes(host);
  return [
    may_set
      ? ok('role', `${login} may work as atlas_app`)
      : wrong(
          'role',
          is_there ? `${login} may not take the role atlas_app` : 'there is no role atlas_app',
          is_there
            ? `as the owner: grant atlas_app to "${login}"`
            : 'npm run migrate, with the owner’s login in DATABASE_OWNER_URL',
        ),
    ...(is_super && !isHere
      ? [
          wrong(
            'login',
            `${login} is a superuser, whom no trigger stops`,
            'a login of its own that may set role atlas_app; docs/operating.md',
          ),
        ]
      : [ok('login', is_super ? `${login} is a superuser, on this machine` : `${login} is no superuser`)]),
  ];
}

async function diskCheck(sql: Sql): Promise<Check> {
  const { rows } = await sql.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'",
  );
  if (rows.length === 0) return ok('durability', 'a commit is on the disk when it is answered');
  const off = rows.map(({ name }) => name).join(', ');
  return wrong(
    'durability',
    `${off} is off: what was accepted can be lost in a crash`,
    `alter system set … = on for ${off}`,
  );
}

async function clockCheck(sql: Sql): Promise<Check> {
  const beforeMs = Date.now();
  const { rows } = await sql.query<{ now_ms: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms',
  );
  return skewCheck('clock of the database', { saidMs: Number(rows[0]?.now_ms), hereMs: (beforeMs + Date.now()) / 2 });
}
