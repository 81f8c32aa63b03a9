// Whatever statement fails, before it is carried out or after: no message is dropped, and none is left in between.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase, type Sql, type Statement } from '../db/client.ts';
import { newEndpoint, newMerchant, settle, startDelivery, startPartner } from '../testing/sample-partner.ts';

let url: string;
let database: Database;
beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
});
afterAll(() => database.close());

/** One statement in three fails: half of those had no effect, the other half had theirs and only the answer was lost. */
function unreliable(sound: Database) {
  let failures = 0;
  // The same numbers in every run; what they fall on differs with the order in which statements come.
  let state = 20_261_121;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const sql: Sql = {
    async query<Row extends object>(statement: string | Statement, values?: unknown[]) {
      const luck = draw();
      if (luck < 1 / 6) {
        failures += 1;
        throw new Error('not carried out');
      }
      const result = await sound.sql.query<Row>(statement, values);
      if (luck < 2 / 6) {
        failures += 1;
        throw new Error('carried out, and its answer was lost');
      }
      return result;
    },
  };
  return { database: { ...sound, sql }, failures: () => failures };
}

test('with every third statement failing, every message arrives and is known to have arrived', async () => {
  const partner = await startPartner((request) => ({ status: request % 7 === 3 ? 500 : 200 }));
  const merchant_id = await newMerchant(database.sql);
  await newEndpoint(database, merchant_id, { url: partner.url });
  const faulty = unreliable(database);
  const loops = [1, 2].map(() => startDelivery(faulty.database, { leaseMs: 500 }));
  // Each twentieth of a second what failed is due again, whatever the schedule says.
  const hurry = setInterval(() => {
    database.sql
      .query(`update webhook_messages set due_at = now(), attempts = 0 where state = 'pending' and lease_until is null`)
      .catch(() => {});
  }, 50);
  try {
    const told: string[] = [];
    for (let round = 0; round < 40; round++) told.push(...(await settle(database, merchant_id, { count: 10 })));
    await until(
      async () => (await database.sql.query(`select from webhook_messages where state <> 'delivered'`)).rows.length,
      (left) => left === 0,
      40_000,
    );
    const taken = partner.received.map(({ body }) => JSON.parse(body).data.settlement_id);
    expect(new Set(taken)).toEqual(new Set(told));
    expect(faulty.failures()).toBeGreaterThan(20);
  } finally {
    clearInterval(hurry);
    await Promise.all(loops.map((loop) => loop.stop()));
    partner.close();
  }
}, 60_000);

async function attempts(merchantId: string) {
  const { rows } = await database.sql.query<{ state: string; error: string | null; answer: string; tries: number }>(
    `select m.state, a.error, a.answer, m.attempts as tries from webhook_messages m
     join webhook_attempts a using (message_no) where m.merchant_id = $1`,
    [merchantId],
  );
  return rows;
}

test('an answer that the database refuses costs only its own text: every attempt counts, and nothing is sent again', async () => {
  await asOwner(url, (sql) => sql.query(`alter table webhook_attempts add check (answer <> 'odd')`));
  const partner = await startPartner((request) => ({ status: 200, body: request === 4 ? 'odd' : 'fine' }));
  const merchant_id = await newMerchant(database.sql);
  await newEndpoint(database, merchant_id, { url: partner.url });
  await settle(database, merchant_id, { count: 12 });
  const loop = startDelivery(database, { leaseMs: 60_000 });
  const made = await until(
    () => attempts(merchant_id),
    (rows) => rows.length === 12,
  );
  await loop.stop();
  expect(made.map(({ answer }) => answer).toSorted()).toEqual(['', ...Array.from({ length: 11 }, () => 'fine')]);
  expect(new Set(made.map(({ state }) => state))).toEqual(new Set(['delivered']));
  expect(partner.received).toHaveLength(12);
  partner.close();
});

test('an endpoint whose secret cannot be opened: its messages are tried by the schedule and given up, all others arrive', async () => {
  const partner = await startPartner(() => ({ status: 200 }));
  const [odd, fine] = [await newMerchant(database.sql), await newMerchant(database.sql)];
  const endpoint = await newEndpoint(database, odd, { url: partner.url });
  await newEndpoint(database, fine, { url: partner.url });
  await database.sql.query(
    `update webhook_endpoints set secret = 'sealed by another key' where webhook_endpoint_id = $1`,
    [endpoint.webhook_endpoint_id],
  );
  await settle(database, odd, { count: 1 });
  await settle(database, fine, { count: 3 });
  const loop = startDelivery(database);
  await until(
    async () => [await attempts(odd), await attempts(fine)],
    ([a = [], b = []]) => a.length === 1 && b.length === 3,
  );
  await loop.stop();
  expect(await attempts(odd)).toEqual([{ state: 'pending', error: 'not_signed', answer: '', tries: 1 }]);
  partner.close();
});
