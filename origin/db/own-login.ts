// The service's own login: made where there is none, and made a member of atlas_app. By the owner, in `npm run migrate`.

import type { Sql } from './client.ts';
import { serviceRole } from './session.ts';

/**
 * `url`: as the service will have it. Returns what was done, in a sentence; null where nothing was to be done. A login that is there keeps its
 * password, but where `setsPassword` says that it shall have the one of the URL.
 */
export async function ensureServiceLogin(
  sql: Sql,
  url: string,
  { setsPassword = false }: { readonly setsPassword?: boolean } = {},
): Promise<string | null> {
  const { username, password } = new URL(url);
  const login = decodeURIComponent(username);
  const { rows } = await sql.query<{ is_owner: boolean; is_there: boolean; is_member: boolean }>(
    `select $1 = current_user as is_owner, r.oid is not null as is_there,
       r.oid is not null and pg_has_role(r.oid, '${serviceRole}', 'set') as is_member
     from (select $1::name as login) as l left join pg_roles r on r.rolname = l.login`,
    [login],
  );
  const [row] = rows;
  if (login === '' || row === undefined || row.is_owner) return null;
  const name = await quoted(sql, '%I', login);
  const word = password === '' ? '' : ` password ${await quoted(sql, '%L', decodeURIComponent(password))}`;
  if (!row.is_there) await sql.query(`create role ${name} login nosuperuser nocreatedb nocreaterole${word}`);
  else if (setsPassword && word !== '') await sql.query(`alter role ${name} login${word}`);
  if (!row.is_member) await sql.query(`grant ${serviceRole} to ${name}`);
  if (row.is_there && row.is_member) return null;
  return row.is_there
    ? `login ${login} is a member of ${serviceRole} now`
    : `login ${login} is made, a member of ${serviceRole}`;
}

async function quoted(sql: Sql, form: '%I' | '%L', text: string): Promise<string> {
  const { rows } = await sql.query<{ text: string }>(`select format('${form}', $1::text) as text`, [text]);
  return rows[0]?.text ?? '';
}
