import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { createRedisGuard } from '../api/http/redis-guard.ts';
import { createEdgeClient } from '../edge/edge-client.ts';
import { createSafeFetch } from '../notify/safe-fetch.ts';
import { createS3Call } from '../object-store/s3-call.ts';
import { type Database, openDatabase } from './client.ts';
import { beforeWaitingFor } from './held.ts';

let url: string;
let database: Database;
beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

const edge = createEdgeClient({ url: 'http://127.0.0.1:9', secret: `whsec_${'A'.repeat(32)}` });
const fetch = createSafeFetch({ development: true, resolve: async () => [] });
const s3 = createS3Call('bucket', {});
const redis = createRedisGuard();

test.each<[string, () => Promise<unknown>]>([
  ['the edge', () => edge.ping()],
  ['a partner', () => fetch.post('https://partner.example.com/', { headers: {}, body: '' })],
  ['a name server', () => fetch.problemOf('https://partner.example.com/')],
  ['the object store', () => s3('read', async () => null)],
  ['Redis', () => redis(async () => null)],
])('X1: %s is not waited for while a transaction is open', async (what, call) => {
  const inside = database.transaction(async (sql) => {
    await sql.query('select 1');
    await call();
  });
  await expect(inside).rejects.toThrow(`a database transaction is open while ${what} is waited for`);
  // The connection is whole again, and outside of a transaction nothing is in the way.
  expect(database.use()).toMatchObject({ waiting: 0 });
  const after = await database.transaction(async (sql) => {
    await sql.query('select 1');
    return () => call().catch((error: Error) => error.message);
  });
  expect(String(await after())).not.toContain('transaction is open');
});

test('X1: what a transaction started may go on after it', async () => {
  const over = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { started } = await database.transaction(async () => ({
    started: (async () => {
      await over.promise;
      beforeWaitingFor('anything');
      seen.push('called');
    })(),
  }));
  over.resolve();
  await started;
  expect(seen).toEqual(['called']);
});

test('X1: in production the call is made, and counted', async () => {
  const waited: string[] = [];
  const counting = openDatabase({ url, poolMax: 1, onIdleError: () => {}, onWait: (what) => waited.push(what) });
  const answered = await counting.transaction(async () => await fetch.problemOf('https://partner.example.com/'));
  await counting.close();
  expect(answered).toBeNull();
  expect(waited).toEqual(['a name server']);
});

/** Sources that can leave the process and are only reached through a file that asks first. */
const behindAnother: Readonly<Record<string, string>> = {
  'listen.ts': 'is called, and calls nobody',
  'notify/pinned-agents.ts': 'connections of safe-fetch.ts',
  'object-store/s3-store.ts': 'each call goes through s3-call.ts',
  'object-store/open-object-store.ts': 'makes the client of s3-store.ts',
  'providers/simulated.ts': 'called through guarded.ts',
  'providers/stripe.ts': 'called through guarded.ts',
  'providers/stripe-failure.ts': 'reads errors only',
  'providers/stripe-webhook.ts': 'reads messages only',
  'api/idempotency/answer-cache.ts': 'called through redis-guard.ts',
  'api/http/rate-limit.ts': 'called through redis-guard.ts',
  'api/http/open-redis.ts': 'makes the client of the two above',
};
const leaves =
  /\bfetch\(|from '(?:undici|node:dns(?:\/promises)?|node:https?|stripe|@upstash\/redis|@aws-sdk\/client-s3)'/;

test('X1: every source that leaves the process asks first whether a transaction is open', () => {
  const origin = new URL('..', import.meta.url);
  const sources = readdirSync(origin, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !/(?:^|\/)(?:sample|stand-in|scripted)-/.test(path),
  );
  const unasked = sources.filter((path) => {
    const text = readFileSync(new URL(path, origin), 'utf8');
    const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, '').replaceAll(/^import type .*$/gm, '');
    return leaves.test(code) && !code.includes('beforeWaitingFor(') && !(path in behindAnother);
  });
  expect(unasked).toEqual([]);
});
