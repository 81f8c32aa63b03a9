// What the service's login can do is what migrations/grants.sql says, and nothing else: compared with the catalogs, and tried.

import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTemporaryPostgres, withDatabase } from '../../scripts/temporary-postgres.ts';
import { asOwner, createTestDatabase, ownerUrl, serviceUrl } from '../../scripts/test-postgres.ts';
import { attemptsAt, grantsWritten, notRefused } from '../testing/powers.ts';
import { openDatabase, type Sql } from './client.ts';
import { migrate } from './migrate.ts';
import { assertSchemaFits } from './schema-fit.ts';
import { connectOwner } from './which-postgres.ts';

async function granted(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ grant: string }>(
    `select c.relname || ' ' || lower(privilege_type) as grant
     from pg_class c, aclexplode(relacl) where relnamespace = 'public'::regnamespace and grantee in (0, 'atlas_app'::regrole)
     union all
     select c.relname || ' ' || lower(privilege_type) || ' ' || attname
     from pg_class c join pg_attribute on attrelid = c.oid, aclexplode(attacl)
     where relnamespace = 'public'::regnamespace and grantee in (0, 'atlas_app'::regrole)`,
  );
  return rows.map(({ grant }) => grant);
}

let url: string;
beforeAll(async () => {
  url = ownerUrl(await createTestDatabase({ empty: true }));
  await migrate(url, { serviceUrl: serviceUrl(url) });
});

test('the database grants what grants.sql says, and nothing more', async () => {
  const is = await asOwner(url, granted);
  expect(is.toSorted()).toEqual([...(await grantsWritten())].toSorted());
});

test('a grant that somebody added by hand is gone after the next npm run migrate', async () => {
  await asOwner(url, (sql) =>
    sql.query('grant delete, truncate on card_events to atlas_app; grant update (at) on audit_events to atlas_app'),
  );
  await migrate(url);
  expect((await asOwner(url, granted)).toSorted()).toEqual([...(await grantsWritten())].toSorted());
});

test('a function that works as the owner is called by whom it is granted to, and by nobody else', async () => {
  const { rows } = await asOwner(url, (sql) =>
    sql.query<{ name: string }>(
      `select p.oid::regprocedure::text as name from pg_proc p
       where pronamespace = 'public'::regnamespace and prosecdef and prorettype <> 'trigger'::regtype
         and exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0)`,
    ),
  );
  expect(rows).toEqual([]);
});

/** As the service works, and as its login could without the role. */
async function tried(
  service: string,
  owner: string,
  grants: ReadonlySet<string>,
): Promise<{ tries: number; passed: string[] }> {
  const sql = await connectOwner(owner);
  const attempts = await attemptsAt(sql, grants).finally(() => sql.end());
  const passed: string[] = [];
  for (const role of ['atlas_app', 'none']) {
    const login = await connectOwner(service);
    await login.query(`set role ${role}`);
    passed.push(...(await notRefused(login, attempts)).map((said) => `as ${role}: ${said}`));
    await login.end();
  }
  return { tries: attempts.length * 2, passed };
}

describe('what whoever has taken over the service tries is refused, n of n', () => {
  test('at every table, column, function and trigger, at roles, settings, files and the server; and at a table that is new', async () => {
    await asOwner(url, (sql) => sql.query('create table born_later (a int)'));
    const { tries, passed } = await tried(serviceUrl(url), url, await grantsWritten());
    await asOwner(url, (sql) => sql.query('drop table born_later'));
    expect(passed).toEqual([]);
    expect(tries).toBeGreaterThan(1_500);
  });

  test('where the owner is no superuser either; but for large objects, which only one can take away', async () => {
    const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
    try {
      const password = () => randomBytes(18).toString('base64url');
      const [ownersPassword, servicePassword] = [password(), password()];
      const superuser = await connectOwner(server.url);
      await superuser.query(`create role house login createrole password '${ownersPassword}'`);
      await superuser.query('create database house owner house');
      await superuser.end();
      const as = (login: string, word: string) => {
        const other = new URL(withDatabase(server.url, 'house'));
        [other.username, other.password] = [login, word];
        return other.href;
      };
      const [owner, service] = [as('house', ownersPassword), as('service', servicePassword)];
      const said: string[] = [];
      await migrate(owner, { serviceUrl: service, say: (line) => said.push(line) });
      expect(said).toContain('login service is made, a member of atlas_app');
      expect(await migrate(owner, { serviceUrl: service })).toEqual([]);
      const { passed } = await tried(service, owner, await grantsWritten());
      expect(passed.filter((line) => !line.includes(': large objects: '))).toEqual([]);

      const open = (login: string) => openDatabase({ url: login, poolMax: 1, onIdleError: () => {}, ownLogin: true });
      const [serving, owning] = [open(service), open(owner)];
      expect((await assertSchemaFits(serving.sql)).pending).toEqual([]);
      await expect(owning.sql.query('select 1')).rejects.toThrow(
        "is of the login house, which may create roles; DATABASE_URL must name the service's own",
      );
      await Promise.all([serving.close(), owning.close()]);
    } finally {
      await server.stop();
    }
  });
});
