// Two logins of the database while one is changed: by a clock of the test's own, and against a real Postgres.

import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { openDatabase } from './client.ts';
import { databaseMetrics } from './database-metrics.ts';
import { type FormerLogin, Logins } from './logins.ts';

const [newest, former] = ['postgres://new@host/atlas', 'postgres://old@host/atlas'] as const;

class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super('no');
    this.code = code;
  }
}

/** A server that lets in whom it is told to. */
function served({ formerUrl = former, code = '28P01' }: { formerUrl?: string | undefined; code?: string } = {}) {
  const it = {
    taken: new Set(['old']),
    nowMs: 0,
    shown: newest as string,
    tries: [] as string[],
    said: [] as FormerLogin[],
  };
  const logins = new Logins({
    ...{ url: newest, formerUrl, now: () => it.nowMs },
    use: (url) => {
      it.shown = url;
    },
    refused: (what) => it.said.push(what),
  });
  const connect = async () =>
    await logins.connect(() => {
      const login = new URL(it.shown).username;
      it.tries.push(login);
      return it.taken.has(login) ? Promise.resolve(login) : Promise.reject(new Refused(code));
    });
  return Object.assign(it, { logins, connect });
}

describe('which login is shown', () => {
  test('the newest, alone where it is taken', async () => {
    const it = served();
    it.taken.add('new');
    expect([await it.connect(), it.tries, it.said]).toEqual(['new', ['new'], []]);
    expect(it.logins.isOver('new')).toBe(false);
  });

  test.each(['28P01', '28000', '42501'])(
    'the former where the newest is refused (%s), and no further try for half a minute',
    async (code) => {
      const it = served({ code });
      expect(await it.connect()).toBe('old');
      expect(await it.connect()).toBe('old');
      expect([it.tries, it.said]).toEqual([['new', 'old', 'old'], ['taken']]);
      it.nowMs = 30_001;
      it.taken.add('new');
      expect(await it.connect()).toBe('new');
    },
  );

  test.each(['53300', '57P03', '3D000', 'ECONNREFUSED'])(
    'never the former for %s, which says nothing of the login',
    async (code) => {
      const it = served({ code });
      await expect(it.connect()).rejects.toThrow('no');
      expect([it.tries, it.said]).toEqual([['new'], []]);
    },
  );

  test('one alone, or both refused: as it was refused', async () => {
    const alone = served({ formerUrl: undefined });
    const one = {
      ...alone,
      logins: new Logins({
        url: newest,
        formerUrl: undefined,
        use: () => {},
        refused: (what) => alone.said.push(what),
      }),
    };
    await expect(one.logins.connect(() => Promise.reject(new Refused('28P01')))).rejects.toThrow('no');
    expect(alone.said).toEqual(['none']);
    const both = served();
    both.taken.clear();
    await expect(both.connect()).rejects.toThrow('no');
    expect([both.tries, both.said]).toEqual([['new', 'old'], ['refused']]);
  });

  test('the former is dropped before half a minute is over: the newest at once', async () => {
    const it = served();
    await it.connect();
    it.taken = new Set(['new']);
    expect(await it.connect()).toBe('new');
  });

  test('many at once: none fails, and all are told of', async () => {
    const it = served();
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => it.connect())))).toEqual(new Set(['old']));
  });

  test('connections of the former are given up once the newest is taken; until then they go on, but for a try in half a minute', async () => {
    const it = served();
    await it.connect();
    expect(it.logins.isOver('old')).toBe(false);
    it.nowMs = 30_001;
    // Whatever the pool has of them, until one was opened and refused.
    expect([it.logins.isOver('old'), it.logins.isOver('old')]).toEqual([true, true]);
    expect(await it.connect()).toBe('old');
    expect(it.logins.isOver('old')).toBe(false);
    it.nowMs = 60_002;
    expect(it.logins.isOver('old')).toBe(true);
    it.taken.add('new');
    expect(await it.connect()).toBe('new');
    expect([it.logins.isOver('old'), it.logins.isOver('old'), it.logins.isOver('new')]).toEqual([true, true, false]);
  });
});

test('a real database: served by the former, then by the newest without a refused call, and counted', async () => {
  const owner = await createTestDatabase();
  const name = new URL(owner).pathname.slice(1);
  const urlOf = (login: string, password: string) => {
    const url = new URL(owner);
    [url.username, url.password] = [login, password];
    return url.href;
  };
  const [old, next] = [`old_${name}`, `new_${name}`];
  const passwords = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')] as const;
  const make = (login: string, password: string) =>
    asOwner(owner, (sql) => sql.query(`create role ${login} login password '${password}' in role atlas_app`));
  await make(old, passwords[0]);
  const registry = new Registry();
  const said: object[] = [];
  const database = openDatabase({
    ...{ url: urlOf(next, passwords[1]), formerUrl: urlOf(old, passwords[0]), poolMax: 4, onIdleError: () => {} },
    watch: databaseMetrics(registry, { warn: (what: object) => said.push(what) } as never),
  });
  const whom = async () => {
    const { rows } = await database.sql.query<{ login: string; role: string }>(
      'select session_user as login, current_user as role',
    );
    return rows[0];
  };
  try {
    expect(await whom()).toEqual({ login: old, role: 'atlas_app' });
    const many = await Promise.all(Array.from({ length: 20 }, () => database.transaction(async () => 'done')));
    expect(new Set(many)).toEqual(new Set(['done']));
    expect(said).toEqual([{ setting: 'DATABASE_URL', former: 'taken' }]);
    await make(next, passwords[1]);
    await asOwner(owner, (sql) => sql.query(`alter role ${old} nologin`));
    // Those that are open go on; one that is opened now is the newest's, and the others follow it.
    await Promise.all(
      Array.from({ length: 8 }, () => database.transaction((sql) => sql.query('select pg_sleep(0.05)'))),
    );
    await asOwner(owner, (sql) =>
      sql.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${old}' and state = 'idle'`),
    );
    await expect.poll(async () => (await whom())?.login).toBe(next);
    const text = await registry.metrics();
    expect(text).toMatch(/^database_logins_refused_total\{former="taken"\} [1-9]\d*$/m);
    expect(text).toContain('database_logins_refused_total{former="refused"} 0');
  } finally {
    await database.close();
    await asOwner(owner, (sql) => sql.query(`drop role if exists ${old}; drop role if exists ${next}`));
  }
});
