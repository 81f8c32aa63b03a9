// A database that says nothing more: not down, where every call fails at once, but silent, as behind a router that has forgotten
// its connections. Real Postgres behind a TCP relay; each figure is of the caller's own clock.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { startTcpRelay, type TcpRelay } from '../../scripts/test-relay.ts';
import { until } from '../../scripts/test-waiting.ts';
import { isDatabaseAway } from './away.ts';
import { type Database, openDatabase } from './client.ts';

let relay: TcpRelay;
let url: URL;
const opened: Database[] = [];

beforeEach(async () => {
  url = new URL(await createTestDatabase());
  relay = await startTcpRelay({ host: url.hostname, port: Number(url.port) });
  url.port = `${relay.port}`;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  await relay.close();
});

function open(options: { poolMax?: number; answerMsMax?: number; beside?: Database } = {}): Database {
  const database = openDatabase({ url: url.href, poolMax: 4, onIdleError: () => {}, ...options });
  opened.push(database);
  return database;
}

const write = (database: Database) =>
  database.transaction((sql) => sql.query("select pg_logical_emit_message(true, 'test', 'x')"));

interface Ended {
  readonly ms: number;
  readonly error: unknown;
}

async function timed(work: () => Promise<unknown>): Promise<Ended> {
  const startMs = performance.now();
  const error = await work().then(
    () => null,
    (failure: unknown) => failure,
  );
  return { ms: performance.now() - startMs, error };
}

function slowest(ended: readonly Ended[]): number {
  return Math.max(...ended.map(({ ms }) => ms));
}

test('I1: with every connection silent, each of 40 callers of 4 connections hears so within 6 s, and the pool is whole again once one passes', async () => {
  const database = open({ answerMsMax: 5_000 });
  await Promise.all(Array.from({ length: 8 }, () => write(database)));
  relay.silence();
  const ended = await Promise.all(
    Array.from({ length: 40 }, (_, n) => timed(() => (n % 2 === 0 ? write(database) : database.sql.query('select 1')))),
  );
  expect(slowest(ended)).toBeLessThan(6_000);
  expect(ended.filter(({ error }) => !isDatabaseAway(error))).toEqual([]);
  relay.passNewOnes();
  // Connections that were begun in the silence are waited for no longer than others.
  const again = await until(
    () => timed(() => write(database)),
    ({ error }) => error === null,
  );
  expect(again.ms).toBeLessThan(6_000);
  const after = await Promise.all(Array.from({ length: 8 }, () => timed(() => write(database))));
  expect(after.filter(({ error }) => error !== null)).toEqual([]);
  expect(slowest(after)).toBeLessThan(1_000);
  expect(database.use()).toMatchObject({ waiting: 0 });
});

test('I1: a connection that falls silent in the middle of a transaction is given up in its time, not rolled back on', async () => {
  const database = open({ poolMax: 1, answerMsMax: 1_000 });
  const { ms, error } = await timed(() =>
    database.transaction(async (sql) => {
      await sql.query('select 1');
      relay.silence();
      await sql.query('select 2');
    }),
  );
  expect(ms).toBeLessThan(1_300);
  expect(String(error)).toMatch(/the database gave no answer within \d+ ms/);
  relay.passNewOnes();
  expect((await database.sql.query('select 3 as n')).rows).toEqual([{ n: 3 }]);
});

test('I1: a statement that the server itself ends in its time costs no connection', async () => {
  const database = open({ poolMax: 1, answerMsMax: 1_000 });
  const pid = async () => (await database.sql.query('select pg_backend_pid() as pid')).rows;
  const before = await pid();
  const { ms, error } = await timed(() => database.sql.query('select pg_sleep(30)'));
  expect(ms).toBeLessThan(1_000);
  expect(String(error)).toContain('statement timeout');
  expect(await pid()).toEqual(before);
});

test('I1: a lock that somebody keeps is waited for within a time', async () => {
  const [holding, asking] = [open({ poolMax: 1 }), open({ poolMax: 1, answerMsMax: 1_000 })];
  const lock = 'select pg_advisory_xact_lock(42)';
  const letGo = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const held = holding.transaction(async (sql) => {
    await sql.query(lock);
    locked.resolve();
    await letGo.promise;
  });
  await locked.promise;
  const { ms, error } = await timed(() => asking.transaction((sql) => sql.query(lock)));
  letGo.resolve();
  await held;
  expect(ms).toBeLessThan(900);
  expect([String(error), isDatabaseAway(error)]).toEqual([expect.stringContaining('lock timeout'), true]);
});

test('I1: a pool whose connections are all silent closes in seconds', async () => {
  const database = open({ answerMsMax: 1_000 });
  await Promise.all(Array.from({ length: 8 }, () => write(database)));
  relay.silence();
  opened.length = 0;
  const { ms, error } = await timed(() => database.close());
  expect(error).toBeNull();
  expect(ms).toBeLessThan(3_000);
});

/** Commits go straight to the server, the flush after them by way of the relay. */
async function withFlushBehindRelay(): Promise<Database> {
  const flushing = open();
  url.port = new URL(await createTestDatabase()).port;
  const direct = openDatabase({ url: url.href, poolMax: 12, onIdleError: () => {}, beside: flushing });
  opened.push(direct);
  await Promise.all(Array.from({ length: 4 }, () => write(direct)));
  return direct;
}

test('I1: a flush that is not answered is made on another connection, and its callers hear of nothing', async () => {
  const database = await withFlushBehindRelay();
  relay.silence();
  relay.passNewOnes();
  const ended = await Promise.all(Array.from({ length: 40 }, () => timed(() => write(database))));
  expect(ended.filter(({ error }) => error !== null)).toEqual([]);
  expect(slowest(ended)).toBeLessThan(6_000);
  expect((await timed(() => write(database))).ms).toBeLessThan(1_000);
});

test('I1: where no flush is answered at all, every caller hears so within 6 s, its age is seen, and it goes on once one is', async () => {
  const database = await withFlushBehindRelay();
  relay.silence();
  const calls = Promise.all(Array.from({ length: 40 }, () => timed(() => write(database))));
  await until(
    () => database.flushAgeMs(),
    (age) => age > 500,
  );
  const later = await Promise.all(Array.from({ length: 8 }, () => timed(() => write(database))));
  const ended = [...(await calls), ...later];
  expect(slowest(ended)).toBeLessThan(6_000);
  expect(ended.filter(({ error }) => !isDatabaseAway(error))).toEqual([]);
  relay.passNewOnes();
  await until(
    () => timed(() => write(database)),
    ({ error }) => error === null,
  );
  expect(database.flushAgeMs()).toBe(0);
});
