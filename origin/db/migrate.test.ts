import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { migrate } from './migrate.ts';
import { assertSchemaFits } from './schema-fit.ts';

const repository = fileURLToPath(new URL('../../migrations', import.meta.url));

describe('migrate', () => {
  let url: string;
  let directory: string;
  let files: string[];

  beforeEach(async () => {
    url = await createTestDatabase({ empty: true });
    directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    files = (await readdir(repository)).filter((file) => /^\d.*\.sql$/.test(file)).toSorted();
    for (const file of [...files, 'grants.sql']) await copyFile(join(repository, file), join(directory, file));
  });

  test('applies every file once, in order', async () => {
    expect(await migrate(url, directory)).toEqual(files);
    expect(await migrate(url, directory)).toEqual([]);
  });

  test('two processes that start at once apply each file once', async () => {
    const applied = await Promise.all([migrate(url, directory), migrate(url, directory), migrate(url, directory)]);
    expect(applied.flat()).toEqual(files);
  });

  test('a file edited after it was applied is refused by name, and nothing new is applied', async () => {
    await migrate(url, directory);
    await writeFile(join(directory, '0002_accounts_and_cards.sql'), '-- edited');
    await writeFile(join(directory, nextFile(files)), 'create table late ()');
    await expect(migrate(url, directory)).rejects.toThrow(
      'migration 0002_accounts_and_cards.sql was edited after it was applied',
    );
    expect(await tableNamed(url, 'late')).toBeNull();
  });

  test('a file out of the numbering is refused by name', async () => {
    await writeFile(join(directory, '0099_late.sql'), 'create table late ()');
    await expect(migrate(url, directory)).rejects.toThrow('migration 0099_late.sql: the name must be');
  });

  test('a database that is ahead of the files is refused, where it does not say that older code works on it', async () => {
    const older = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const file of files) await copyFile(join(directory, file), join(older, file));
    await writeFile(join(directory, nextFile(files)), 'create table later ()');
    await migrate(url, directory);
    await expect(migrate(url, older)).rejects.toThrow(`${nextFile(files)} is applied to this database, but is not in`);
  });

  test('an older release works on a newer schema that says so, and changes nothing of it', async () => {
    const older = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const file of files) await copyFile(join(directory, file), join(older, file));
    const newest = files.length;
    const [one, two] = [newest + 1, newest + 2].map((n) => `${String(n).padStart(4, '0')}_more.sql`) as [
      string,
      string,
    ];
    await writeFile(join(directory, one), `-- compatible-from: ${newest}\ncreate table more ();`);
    await migrate(url, directory);
    expect(await migrate(url, older)).toEqual([]);
    const fit = await asOwner(url, (sql) => assertSchemaFits(sql, older));
    expect(fit.ahead.map(({ file }) => file)).toEqual([one]);
    await writeFile(join(directory, two), `-- compatible-from: ${newest + 1}\ncreate table most ();`);
    await migrate(url, directory);
    const refused = `migration ${two} is applied to this database, but is not in migrations/, and works only with code that knows migration ${newest + 1} or a later one. This code knows ${newest}`;
    await expect(migrate(url, older)).rejects.toThrow(refused);
    await expect(asOwner(url, (sql) => assertSchemaFits(sql, older))).rejects.toThrow(refused);
  });

  test('a service does not start on a schema that is older than it needs, and says the command', async () => {
    // The grants are those of the newest schema, so it is there, and what says so is not.
    await migrate(url, directory);
    await asOwner(url, (sql) =>
      sql.query('delete from schema_migrations where version = (select max(version) from schema_migrations)'),
    );
    await expect(asOwner(url, (sql) => assertSchemaFits(sql))).rejects.toThrow(
      `it lacks 1 of its migrations, ${files.at(-1)} first; run \`npm run migrate\``,
    );
    const nobody = await createTestDatabase({ empty: true });
    await expect(asOwner(nobody, (sql) => assertSchemaFits(sql))).rejects.toThrow(`it lacks ${files.length} of its`);
  });

  test('a database that an older migrator made goes on: what it did not write down holds for code that has the file', async () => {
    await migrate(url, directory);
    await asOwner(url, (sql) => sql.query('alter table schema_migrations drop column compatible_from'));
    await asOwner(url, (sql) => assertSchemaFits(sql, directory));
    const older = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const file of files.slice(0, -1)) await copyFile(join(directory, file), join(older, file));
    await expect(asOwner(url, (sql) => assertSchemaFits(sql, older))).rejects.toThrow('deploy a newer release');
    expect(await migrate(url, directory)).toEqual([]);
  });

  test('a file that fails is named and leaves nothing behind', async () => {
    const next = nextFile(files);
    await writeFile(join(directory, next), 'create table half_done (); select no_such_function();');
    await expect(migrate(url, directory)).rejects.toThrow(`migration ${next} failed and changed nothing`);
    expect(await tableNamed(url, 'half_done')).toBeNull();
  });
});

function nextFile(files: readonly string[]): string {
  return `${String(files.length + 1).padStart(4, '0')}_next.sql`;
}

async function tableNamed(url: string, name: string): Promise<string | null> {
  const { rows } = await asOwner(url, (sql) =>
    sql.query<{ found: string | null }>('select to_regclass($1)::text as found', [name]),
  );
  return rows[0]?.found ?? null;
}
