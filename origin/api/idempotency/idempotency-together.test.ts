import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { createIdempotency, type Idempotency, type StoredAnswer } from './idempotency.ts';

let database: Database;
let idempotency: Idempotency;
beforeAll(async () => {
  const url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  idempotency = createIdempotency({
    database,
    cache: null,
    ttlMs: 60_000,
    sealingKeys: ['key-of-tests'],
    onHit: () => {},
  });
  return () => database.close();
});

const answerOf = (text: string): StoredAnswer => ({ status: 201, body: Buffer.from(text), headers: { 'x-of': text } });
const asked = (key: string, content = key) => ({ owner: 'mrch_1', route: 'together', key, content });

/** Notes which items each transaction had; an item `bad` spoils the transaction that it is in. */
function noting() {
  const batches: string[][] = [];
  const once = idempotency.together<string>((_, items) => {
    batches.push([...items]);
    if (items.includes('bad')) throw new Error('a bad one');
    return Promise.resolve(items.map((item) => answerOf(item)));
  });
  return { once, batches };
}

test('those that come while others are written share a transaction, and each has its own answer', async () => {
  const { once, batches } = noting();
  const keys = Array.from({ length: 200 }, () => newId('req'));
  const answers = await Promise.all(keys.map((key) => once(asked(key), key)));
  expect(answers.map(({ body, replayed }) => [`${body}`, replayed])).toEqual(keys.map((key) => [key, false]));
  expect(batches.flat().sort()).toEqual(keys.toSorted());
  expect(batches.length).toBeLessThan(20);
  const again = await Promise.all(keys.map((key) => once(asked(key), key)));
  expect(again.map(({ body, headers, replayed }) => [`${body}`, headers['x-of'], replayed])).toEqual(
    keys.map((key) => [key, key, true]),
  );
  expect(batches.flat()).toHaveLength(keys.length);
});

test('one that fails spoils nobody else, and its key is free again', async () => {
  const { once, batches } = noting();
  const keys = Array.from({ length: 10 }, () => newId('req'));
  const bad = newId('req');
  const [failed, ...others] = await Promise.allSettled([
    once(asked(bad), 'bad'),
    ...keys.map((key) => once(asked(key), key)),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'a bad one' } });
  expect(others.map(({ status }) => status)).toEqual(keys.map(() => 'fulfilled'));
  expect(batches.some((items) => items.length > 1 && items.includes('bad'))).toBe(true);
  expect(await once(asked(bad), 'good')).toMatchObject({ status: 201, replayed: false });
});

test('the same key twice at once is one effect; with another request it is refused', async () => {
  const { once, batches } = noting();
  const key = newId('req');
  const both = await Promise.allSettled([once(asked(key), key), once(asked(key), key), once(asked(key, 'else'), key)]);
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of both)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ error_code: 'request_in_flight' });
  expect(batches.flat()).toEqual([key]);
  await expect(once(asked(key, 'else'), key)).rejects.toMatchObject({ error_code: 'idempotency_key_reused' });
});

test('settlements asked for at once: each its own, what is refused too, and what is answered is what is read', async () => {
  const world = await SampleWorld.start(await createTestDatabase());
  try {
    const headers = (key: string) => ({ authorization: `Bearer ${world.own.key}`, 'idempotency-key': key });
    const settle = (n: number, key = newId('req')) => {
      const amount_minor = n % 5 === 0 ? 900_000_000_000 : 1;
      const merchant_id = n % 7 === 0 ? newId('mrch') : world.own.merchant_id;
      const body = { merchant_id, amount_minor, currency: 'USD', reference: `number ${n}` };
      return world.api.call('POST', '/settlements', body, headers(key));
    };
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => settle(n + 1)));
    for (const [index, answer] of answers.entries()) {
      const n = index + 1;
      if (n % 7 === 0) expect(answer).toMatchObject({ status: 404, body: { error_code: 'merchant_not_found' } });
      else if (n % 5 === 0) expect(answer).toMatchObject({ status: 422, body: { error_code: 'amount_not_owed' } });
      else {
        expect(answer).toMatchObject({ status: 201, body: { reference: `number ${n}`, state: 'queued' } });
        const id = `${answer.body['settlement_id']}`;
        const read = await world.api.call('GET', `/settlements/${id}`, undefined, headers(newId('req')));
        expect(read.text).toBe(answer.text);
      }
    }
  } finally {
    await world.api.close();
  }
});
