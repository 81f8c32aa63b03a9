// A session that is not as it must be is refused by name, before anything is done on it.

import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { isRefused } from '../set-aside.ts';
import { isDatabaseAway } from './away.ts';
import { openDatabase } from './client.ts';
import { assertSession } from './session.ts';

const pooler: { server: Server | null } = { server: null };
afterEach(() => {
  pooler.server?.close();
});

async function refusalOf(url: string, options: { tls?: boolean } = {}): Promise<string> {
  const database = openDatabase({ url, poolMax: 1, onIdleError: () => {}, ...options });
  const ways = [() => database.sql.query('select 1'), () => database.transaction((sql) => sql.query('select 1'))];
  const said: string[] = [];
  for (const way of ways) {
    const error = await way().then(
      () => null,
      (failure: unknown) => failure,
    );
    // Whoever asked may try again; no row is at fault.
    expect([isDatabaseAway(error), isRefused(error)]).toEqual([true, false]);
    said.push(String(error));
  }
  expect(database.use()).toMatchObject({ open: 0, waiting: 0 });
  await database.close();
  expect(said[1]).toBe(said[0]);
  return said[0] ?? '';
}

/** As a pooler does that knows of no settings at the start of a session: the start message without its `options`. */
async function withoutOptions(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.once('data', (start) => {
      const words = start.subarray(8).toString('latin1').split('\0');
      const kept = words.flatMap((word, index) => (index % 2 === 1 || word === '' ? [] : [[word, words[index + 1]]]));
      const text = kept
        .filter(([name]) => name !== 'options')
        .flat()
        .join('\0');
      const body = Buffer.from(`${text}\0\0`, 'latin1');
      const head = Buffer.alloc(8);
      head.writeInt32BE(body.length + 8, 0);
      start.copy(head, 4, 4, 8);
      far.write(Buffer.concat([head, body]));
      near.pipe(far);
      far.pipe(near);
    });
  });
  pooler.server = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = `${(server.address() as AddressInfo).port}`;
  return through.href;
}

describe('a session is refused', () => {
  test('I1: that works as the login itself, since a pooler dropped its settings', async () => {
    const said = await refusalOf(await withoutOptions(await createTestDatabase()));
    expect(said).toMatch(/session is refused: it works as \w+ and not as atlas_app; .*pooler/);
  });

  test.each([
    ['synchronous_commit = off', 'commits without waiting for the disk'],
    ['default_transaction_read_only = on', 'cannot write'],
  ])('I1: where the server has %s', async (setting, words) => {
    const url = await createTestDatabase();
    await asOwner(url, (sql) => sql.query(`alter database ${new URL(url).pathname.slice(1)} set ${setting}`));
    expect(await refusalOf(url)).toContain(words);
  });

  test('I1: that is not encrypted, where it must be', async () => {
    expect(await refusalOf(await createTestDatabase(), { tls: true })).toContain('is not encrypted; add sslmode');
  });

  const good = {
    ...{ role: 'atlas_app', commits: 'on', isolation: 'read committed', idle_ms: '5000.000', is_replica: false },
    ...{ read_only: 'off', version: '180001', run: '2026-11-27 16:00:00+00' },
    ...{ path: 'public, pg_temp', login: 'atlas', might: null },
  };
  test.each([
    [{ version: '150009' }, 'it is of Postgres 15; 16 is the oldest'],
    [{ isolation: 'repeatable read' }, 'has the isolation repeatable read'],
    [{ idle_ms: '0' }, 'another idle_in_transaction_session_timeout'],
    [{ is_replica: true }, 'is of a replica'],
    [{ path: '"$user", public' }, 'has the search_path'],
    [{ might: 'owns tables' }, 'is of the login atlas, which owns tables; DATABASE_URL must name'],
  ])('I1: %o', async (other, words) => {
    const asked = { encrypted: null, ownLogin: true };
    const saying = (row: object) => ({ query: async () => ({ rows: [row] as never[] }) });
    await expect(assertSession(saying({ ...good, ...other }), asked)).rejects.toThrow(words);
    expect(await assertSession(saying(good), { ...asked, encrypted: true })).toMatchObject({ serverRun: good.run });
  });
});
