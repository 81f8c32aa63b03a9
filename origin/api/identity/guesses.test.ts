// Wrong keys, thousands of them: what they cost the database and the log, and whom they keep out.

import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type Database, openDatabase, type Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { createCallers, newApiKey } from './caller.ts';
import { createGuesses } from './guesses.ts';
import { createRefusedAccess } from './refused-access.ts';

let database: Database;
let api: SampleApi;
beforeAll(async () => {
  const url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  api = await SampleApi.start(url, { WRONG_KEYS_PER_ADDRESS_PER_MINUTE: '5' });
});
afterAll(async () => {
  await database.close();
  await api.close();
});

const here = { network: '203.0.113.5' };
const elsewhere = { network: '203.0.113.6' };
let nowMs: number;
let looks: number;
beforeEach(() => {
  nowMs = 1_000_000;
  looks = 0;
});

function callersOf({ perAddress = 10, all = 1_000 } = {}) {
  const sql: Sql = {
    query: <Row extends object>(...asked: Parameters<Sql['query']>) => {
      // Of keys; which ones were good is read besides, once in ten seconds.
      if (typeof asked[0] === 'object') looks += 1;
      return database.sql.query<Row>(...asked);
    },
  };
  const guesses = createGuesses({ perAddressPerMinute: perAddress, allPerMinute: all }, () => nowMs);
  return createCallers({ sql, rootKeys: 'a-root-key-of-tests', guesses, now: () => nowMs });
}

const wrong = () => `Bearer ${newApiKey().key}`;
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'good',
    (error: { error_code?: string }) => error.error_code,
  );

async function goodKey(): Promise<string> {
  const { body } = await api.call('POST', '/api-keys', { name: 'x', scopes: ['cards:read'] });
  return `Bearer ${String(body['api_key'])}`;
}

describe('the Authorization header', () => {
  const key = 'a-root-key-of-tests';
  test.each([`Bearer ${key}`, `bearer ${key}`, `BEARER ${key}`, `Bearer   ${key}`])('%s is the key', async (header) => {
    expect(await callersOf().identify(header, here)).toMatchObject({ api_key_id: 'akey_root' });
  });

  const others = [
    `Bearer ${key} x`,
    `Bearer ${key} ${key}`,
    `Bearer x ${key}`,
    `Bearer ${key},`,
    `Bearer ${key}, Bearer ${key}`,
  ];
  test.each([
    ...others,
    `Bearer\t${key}`,
    `Bearer${key}`,
    `Bearer ${key}\u00a0`,
    ` Bearer ${key}`,
    `Basic ${key}`,
    key,
    'Bearer',
    'Bearer ',
    '',
  ])('%j is not', async (header) => {
    expect(await codeOf(callersOf().identify(header, here))).toBe('credentials_wrong');
  });
});

describe('wrong keys', () => {
  test('X12: of a shape that no key of a partner has count like all others, since the operator’s may have any; none is looked for', async () => {
    const callers = callersOf();
    const codes: unknown[] = [];
    for (let turn = 0; turn < 15; turn++)
      codes.push(await codeOf(callers.identify(`Bearer guess-${turn}-of-a-root-key`, here)));
    expect(codes).toEqual([...Array(10).fill('credentials_wrong'), ...Array(5).fill('too_many_attempts')]);
    expect(looks).toBe(0);
    expect(await codeOf(callers.identify('Bearer guess-of-a-root-key', elsewhere))).toBe('credentials_wrong');
    // The operator behind the same address is let in, and a missing key was no guess.
    expect(await callers.identify('Bearer a-root-key-of-tests', here)).toMatchObject({ api_key_id: 'akey_root' });
    expect(await codeOf(callers.identify(undefined, here))).toBe('credentials_wrong');
  });

  test('X12: of one address cost ten look-ups a minute, however many are sent', async () => {
    const callers = callersOf();
    const codes = [];
    for (let n = 0; n < 500; n++) codes.push(await codeOf(callers.identify(wrong(), here)));
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'credentials_wrong'));
    expect(new Set(codes.slice(10))).toEqual(new Set(['too_many_attempts']));
    expect(looks).toBe(10);
    // Somebody else is asked for, and after six seconds one more of this address is.
    expect(await codeOf(callers.identify(wrong(), elsewhere))).toBe('credentials_wrong');
    nowMs += 6_000;
    const later = [await codeOf(callers.identify(wrong(), here)), await codeOf(callers.identify(wrong(), here))];
    expect(later).toEqual(['credentials_wrong', 'too_many_attempts']);
  });

  test('X12: at once are no more than one after the other', async () => {
    const callers = callersOf();
    await Promise.all(Array.from({ length: 200 }, () => codeOf(callers.identify(wrong(), here))));
    expect(looks).toBe(10);
  });

  test('X12: of ten thousand addresses have one bound together', async () => {
    const callers = callersOf({ all: 50 });
    for (let n = 0; n < 200; n++) await codeOf(callers.identify(wrong(), { network: `address ${n}` }));
    expect(looks).toBe(50);
  });

  test('X12: the same one again is not looked for for two seconds', async () => {
    const callers = callersOf();
    const key = wrong();
    for (let n = 0; n < 100; n++) expect(await codeOf(callers.identify(key, here))).toBe('credentials_wrong');
    expect(looks).toBe(1);
    nowMs += 2_000;
    expect(await codeOf(callers.identify(key, here))).toBe('credentials_wrong');
    expect(looks).toBe(2);
  });

  test('X12: keep nobody out who was good before, and no good key counts as a guess', async () => {
    const callers = callersOf();
    const [known, ...others] = await Promise.all(Array.from({ length: 30 }, goodKey));
    for (const key of [known, ...others]) expect(await codeOf(callers.identify(key, here))).toBe('good');
    for (let n = 0; n < 20; n++) await codeOf(callers.identify(wrong(), here));
    nowMs += 2_000;
    expect(await codeOf(callers.identify(known, here))).toBe('good');
    expect(await codeOf(callers.identify('Bearer a-root-key-of-tests', here))).toBe('good');
  });

  test('X12: keep nobody out of a process that has just started, nor a key that was made meanwhile', async () => {
    const used = await goodKey();
    expect(await codeOf(callersOf().identify(used, elsewhere))).toBe('good');
    const callers = callersOf({ all: 20 });
    const guessAll = async () => {
      for (let n = 0; n < 50; n++) await codeOf(callers.identify(wrong(), { network: `address ${n}` }));
    };
    await guessAll();
    expect(await codeOf(callers.identify(used, here))).toBe('good');
    nowMs += 10_000;
    const fresh = await goodKey();
    await guessAll();
    expect(await codeOf(callers.identify(fresh, here))).toBe('good');
    expect(await codeOf(callers.identify(wrong(), here))).toBe('too_many_attempts');
  });

  test('X12: are no guess where the database does not answer', async () => {
    const away: Sql = { query: () => Promise.reject(new Error('Connection terminated')) };
    const guesses = createGuesses({ perAddressPerMinute: 3, allPerMinute: 3 }, () => nowMs);
    const callers = createCallers({ sql: away, rootKeys: 'a-root-key-of-tests', guesses, now: () => nowMs });
    for (let n = 0; n < 10; n++) await expect(callers.identify(wrong(), here)).rejects.toThrow('Connection terminated');
  });
});

test('X12: over HTTP, a guesser is told to wait, and every refusal is counted', async () => {
  const statuses = [];
  for (let n = 0; n < 8; n++)
    statuses.push((await api.call('GET', '/cards', undefined, { authorization: wrong() })).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const answer = await api.call('GET', '/cards', undefined, { authorization: wrong() });
  expect(answer).toMatchObject({ status: 429, body: { error_code: 'too_many_attempts' } });
  expect(answer.headers.get('retry-after')).toBe('10');
  const { text } = await api.call('GET', '/metrics');
  expect(text).toContain('access_refused_total{reason="credentials_wrong"} 5');
  expect(text).toContain('access_refused_total{reason="too_many_attempts"} 4');
});

test('X12: a thousand refusals are one line at once, and one more with their number', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = { warn: (fields: Record<string, unknown>) => lines.push(fields) };
  const count = createRefusedAccess(new Registry(), log as never, 50);
  const request = { request_id: 'req_1', method: 'GET', api_key_id: null, address_hash: 'abc' };
  for (let n = 0; n < 1_000; n++) count(refusal('credentials_wrong'), () => request);
  count(refusal('scope_missing'), () => ({ ...request, api_key_id: 'akey_1' }));
  count(refusal('card_not_found'), () => request);
  expect(lines).toMatchObject([{ reason: 'credentials_wrong', address_hash: 'abc' }, { reason: 'scope_missing' }]);
  await expect.poll(() => lines.length).toBe(3);
  expect(lines[2]).toMatchObject({ reason: 'credentials_wrong', more: 999 });
});
