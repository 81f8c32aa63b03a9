// Loops that rest, on a real Postgres: whoever writes wakes them, whoever only looks does not, and nothing that is written beside a look is missed.

import { pino } from 'pino';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { startOwnDatabase } from '../../scripts/test-postgres.ts';
import { createLoop, type LoopOptions } from '../loop.ts';
import { type Database, openDatabase } from './client.ts';
import { createRest } from './rest.ts';

let url: string;
let database: Database;
/** Of another process, as far as the first one can tell. */
let other: Database;
beforeAll(async () => {
  const server = await startOwnDatabase();
  ({ url } = server);
  const open = () => openDatabase({ url, poolMax: 2, onIdleError: () => {} });
  database = open();
  other = open();
  return async () => {
    await Promise.all([database.close(), other.close()]);
    await server.stop();
  };
});

const never = new AbortController().signal;
const write = ({ sql }: Database) =>
  sql.query(`select pg_logical_emit_message(true, 'test', 'written'), pg_current_xact_id()`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('what another process writes wakes; what it only reads does not', async () => {
  const rest = createRest(database.sql, 50);
  const asleep = rest.until(await rest.mark(), 20_000, never);
  const first = await Promise.race([asleep, pause(400)]);
  expect(first).toBeUndefined();
  await other.sql.query('select count(*) from cards');
  expect(await Promise.race([asleep, pause(300)])).toBeUndefined();
  await write(other);
  expect(await asleep).toBe(true);
});

test('a transaction that was open at the mark and ends later wakes', async () => {
  const rest = createRest(database.sql, 50);
  const ready = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const writing = other.transaction(async (sql) => {
    await sql.query('select pg_current_xact_id()');
    ready.resolve();
    await end.promise;
  });
  await ready.promise;
  const asleep = rest.until(await rest.mark(), 20_000, never);
  expect(await Promise.race([asleep, pause(300)])).toBeUndefined();
  end.resolve();
  await writing;
  expect(await asleep).toBe(true);
});

test('what this process writes wakes at once, from either of its pools', async () => {
  const beside = openDatabase({ url, poolMax: 1, onIdleError: () => {}, beside: database });
  onTestFinished(() => beside.close());
  expect(beside.rest).toBe(database.rest);
  const asleep = database.rest.until(await database.rest.mark(), 20_000, never);
  const beganMs = performance.now();
  await beside.transaction((sql) => sql.query('select pg_current_xact_id()'));
  expect(await asleep).toBe(true);
  // The next look would have been a second away.
  expect(performance.now() - beganMs).toBeLessThan(900);
});

test('time and a stop end it too', async () => {
  const rest = createRest(database.sql, 50);
  expect(await rest.until(await rest.mark(), 30, never)).toBe(false);
  const stop = new AbortController();
  const asleep = rest.until(await rest.mark(), 20_000, stop.signal);
  stop.abort();
  expect(await asleep).toBe(false);
  expect(await rest.until(await rest.mark(), 20_000, stop.signal)).toBe(false);
});

function sample(options: Partial<LoopOptions> & Pick<LoopOptions, 'round'>) {
  const loop = createLoop({ name: 'sample', log: pino({ level: 'silent' }), intervalMs: 5, ...options });
  onTestFinished(() => loop.stop());
  loop.start();
}

test('a loop rests once it has found nothing for a second, and finds what is written while it looks', async () => {
  const found: number[] = [];
  let rounds = 0;
  let waiting = 0;
  let writeInRound = false;
  const rest = createRest(database.sql, 50);
  sample({
    atRest: { rest },
    async round() {
      rounds += 1;
      const seen = waiting;
      // After it has looked, and before it rests.
      if (writeInRound) {
        writeInRound = false;
        waiting += 1;
        await write(other);
      }
      if (seen > 0) found.push(seen);
      waiting -= seen;
      return false;
    },
  });
  await pause(2_000);
  const resting = rounds;
  await pause(500);
  expect(rounds).toBe(resting);
  writeInRound = true;
  await write(other);
  await expect.poll(() => found, { timeout: 5_000 }).toEqual([1]);
});

test('a loop looks again when the next thing that waits comes due', async () => {
  let rounds = 0;
  let dueInMs: number | null = null;
  sample({
    atRest: { rest: createRest(database.sql, 50), dueInMs: () => Promise.resolve(dueInMs) },
    round() {
      rounds += 1;
      dueInMs = rounds < 5 ? 100 : null;
      return Promise.resolve(false);
    },
  });
  await pause(2_500);
  expect(rounds).toBeGreaterThanOrEqual(5);
});
