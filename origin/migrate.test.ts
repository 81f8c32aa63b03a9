// npm run migrate as an operator meets it: a process, its words, what it prints, and how it ends.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { asOwner, createTestDatabase, serviceUrl } from '../scripts/test-postgres.ts';

const program = fileURLToPath(new URL('migrate.ts', import.meta.url));
let owner: string;

beforeEach(async () => {
  owner = await createTestDatabase({ empty: true });
});

function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    env: { ...environment },
  });
  return { status, lines: stdout.trim().split('\n'), wrong: stderr.trim() };
}

test('says what it would do, does it with a line for each step, and a second time finds nothing to do', () => {
  const both = { DATABASE_OWNER_URL: owner, DATABASE_URL: serviceUrl(owner) };
  const before = run(['--check'], both);
  expect([before.status, before.lines.length]).toEqual([3, 1]);
  expect(before.lines[0]).toMatch(/^to apply: 0001_roles\.sql, .*, 0036_/);
  const first = run([], both);
  expect([first.status, first.wrong]).toEqual([0, '']);
  expect(first.lines.slice(0, 2)).toEqual([
    '0001_roles.sql …',
    expect.stringMatching(/^0001_roles\.sql applied in \d+ ms$/),
  ]);
  expect(first.lines.at(-1)).toMatch(/^applied 0001_roles\.sql, /);
  expect(run([], both)).toEqual({ status: 0, lines: ['up to date'], wrong: '' });
  expect(run(['--check', '--json'], both)).toEqual({
    ...{ status: 0, lines: ['{"applied":[],"pending":[],"ahead":[]}'], wrong: '' },
  });
});

test('the time that a changed destination waits is set where it is given, and stays otherwise', async () => {
  const hours = async () => (await asOwner(owner, (sql) => sql.query('select hours from destination_cooling'))).rows;
  expect(run(['--json'], { DATABASE_OWNER_URL: owner, DESTINATION_COOLING_HOURS: '48' }).status).toBe(0);
  expect(await hours()).toEqual([{ hours: 48 }]);
  expect(run([], { DATABASE_OWNER_URL: owner }).status).toBe(0);
  expect(await hours()).toEqual([{ hours: 48 }]);
});

test('what is wrong is named, with 2 for words and settings and 1 for the database', () => {
  expect(run(['--help'])).toMatchObject({ status: 0, wrong: '', lines: expect.arrayContaining(['  --help    this']) });
  expect(run(['--checks'], { DATABASE_OWNER_URL: owner })).toMatchObject({ status: 2 });
  expect(run([])).toMatchObject({ status: 2, wrong: 'migrate: DATABASE_OWNER_URL: is not set' });
  const outside = run([], { DATABASE_OWNER_URL: 'postgres://a@db.example.net/a' });
  expect([outside.status, outside.wrong]).toEqual([2, expect.stringContaining('is not held to TLS')]);
  const nobody = run([], { DATABASE_OWNER_URL: serviceUrl(owner) });
  expect([nobody.status, nobody.wrong]).toEqual([1, expect.stringContaining('permission denied')]);
  const mistyped = new URL(serviceUrl(owner));
  mistyped.password = 'another';
  const refused = run([], { DATABASE_OWNER_URL: owner, DATABASE_URL: mistyped.href });
  expect([refused.status, refused.wrong]).toEqual([1, expect.stringContaining('password authentication failed')]);
  expect(refused.wrong).not.toContain('another');
});
