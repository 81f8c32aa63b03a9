// Migrations while others write: a lock that cannot be had is given up, and an index is built while nobody waits, also by the second process
// after the first was killed in the middle of it.

import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { migrate } from './migrate.ts';
import { migrationOf } from './migration-file.ts';
import { connectOwner } from './which-postgres.ts';

const repository = fileURLToPath(new URL('../../migrations', import.meta.url));
let url: string;
let directory: string;
/** The number that the next file has. */
let next: string;

beforeEach(async () => {
  url = await createTestDatabase({ empty: true });
  directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  const files = (await readdir(repository)).filter((file) => /^\d.*\.sql$/.test(file));
  for (const file of files) await copyFile(join(repository, file), join(directory, file));
  await migrate(url, directory);
  next = String(files.length + 1).padStart(4, '0');
});

/** A transaction that has written an account and stands still. */
async function writer(): Promise<{ end(): Promise<void> }> {
  const sql = await connectOwner(url);
  await sql.query('begin');
  await sql.query("insert into accounts (account_id, name, currency) values ('acct_open', 'A', 'USD')");
  return {
    async end() {
      await sql.query('commit');
      await sql.end();
    },
  };
}

async function indexes(): Promise<string[]> {
  const { rows } = await asOwner(url, (sql) =>
    sql.query<{ index: string }>(
      `select relname || case when indisvalid then '' else ' (not valid)' end as index
       from pg_index join pg_class c on c.oid = indexrelid where relname like 'try_%' order by 1`,
    ),
  );
  return rows.map(({ index }) => index);
}

describe('a lock that somebody keeps', () => {
  test('is given up, so that others get through, and had once it is free', async () => {
    await writeFile(join(directory, `${next}_column.sql`), 'alter table accounts add column more text;');
    const open = await writer();
    const said: string[] = [];
    const migrating = migrate(url, { directory, lockMsMax: 200, say: (line) => said.push(line) });
    await until(async () => said.some((line) => line.includes('let the others go first')), Boolean);
    // Between two tries whoever writes has its turn, though the migration is there first.
    await asOwner(url, (sql) =>
      sql.query("insert into accounts (account_id, name, currency) values ('acct_other', 'B', 'USD')"),
    );
    await open.end();
    expect(await migrating).toEqual([`${next}_column.sql`]);
  });

  test('for too long, the file is named and nothing is changed', async () => {
    await writeFile(
      join(directory, `${next}_column.sql`),
      'create table half (); alter table accounts add column more text;',
    );
    const open = await writer();
    await expect(migrate(url, { directory, lockMsMax: 50, triesMax: 2 })).rejects.toThrow(
      `migration ${next}_column.sql could not have a lock within 50 ms, 2 times, and changed nothing`,
    );
    await open.end();
    const { rows } = await asOwner(url, (sql) => sql.query("select to_regclass('half') as half"));
    expect(rows).toEqual([{ half: null }]);
  });
});

describe('online steps', () => {
  const text = `-- Two indexes.
-- compatible-from: 36
-- online
create index concurrently if not exists try_names on accounts (name);
create index concurrently if not exists try_currencies on accounts (currency);
`;

  test('an index is built while others write, by the first of two processes that start at once', async () => {
    await writeFile(join(directory, `${next}_online.sql`), text);
    const applied = await Promise.all([migrate(url, directory), migrate(url, directory)]);
    expect([applied.flat(), await indexes()]).toEqual([[`${next}_online.sql`], ['try_currencies', 'try_names']]);
  });

  test('kill -9 in the middle: writers go on, the half index is dropped, and the same command ends it', async () => {
    const file = `${next}_online.sql`;
    await writeFile(join(directory, file), text);
    const open = await writer();
    const program = `import { migrate } from ${JSON.stringify(import.meta.resolve('./migrate.ts'))};
      await migrate(${JSON.stringify(url)}, { directory: ${JSON.stringify(directory)} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    // It waits for the open writer.
    await until(indexes, (found) => found.includes('try_names (not valid)'));
    await asOwner(url, (sql) =>
      sql.query(
        "set lock_timeout = 1000; insert into accounts (account_id, name, currency) values ('acct_2', 'B', 'USD')",
      ),
    );
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    // The server finds its client gone, and gives up.
    await until(
      async () => {
        const { rows } = await asOwner(url, (sql) =>
          sql.query(
            "select from pg_stat_activity where application_name = 'atlas-migrate' and datname = current_database()",
          ),
        );
        return rows.length;
      },
      (count) => count === 0,
    );
    expect(await indexes()).toEqual(['try_names (not valid)']);
    await open.end();
    const said: string[] = [];
    expect(await migrate(url, { directory, say: (line) => said.push(line) })).toEqual([file]);
    expect(said).toContain('index try_names was built by half: it is dropped and built again');
    expect(await indexes()).toEqual(['try_currencies', 'try_names']);
    expect(await migrate(url, directory)).toEqual([]);
  });
});

describe('a file is refused by name', () => {
  test.each([
    ['-- online\nupdate accounts set name = name;', '"update accounts set name = name" is no online step'],
    ['-- online\ncreate index concurrently x on accounts (name);', 'is no online step'],
    ['-- compatible-from: 41\nselect 1;', 'compatible-from is 41; it must be'],
    ['create index later on accounts (name);', 'index later is built while nobody may write to accounts'],
    ['create unique index later\n  on accounts (name);', 'index later is built while nobody may write to accounts'],
  ])('%j', (text, words) => {
    expect(() => migrationOf('0040_x.sql', text)).toThrow(words);
  });

  test('and these are not', () => {
    for (const text of [
      'create table t (a int);\ncreate index on_new on t (a);',
      '-- create index later on accounts (name)\nselect 1;',
      'create table t (a int); -- compatible-from: 99',
    ])
      expect(migrationOf('0040_x.sql', text)).toMatchObject({ compatibleFrom: 40, online: null });
    expect(
      migrationOf('0040_x.sql', '-- compatible-from: 36\n-- online\nalter table t validate constraint c;'),
    ).toMatchObject({
      compatibleFrom: 36,
      online: [{ statement: 'alter table t validate constraint c', index: null }],
    });
  });
});
