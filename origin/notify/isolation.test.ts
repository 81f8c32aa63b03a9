// One partner delays nobody: figures of the others with dead, slow and flooded partners beside them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import {
  type Answer,
  newEndpoint,
  newMerchant,
  settle,
  startDelivery,
  startPartner,
} from '../testing/sample-partner.ts';
import { createSafeFetch } from './safe-fetch.ts';

let database: Database;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
});
afterAll(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  await database.close();
});

async function partner(answers: () => Answer | null) {
  const server = await startPartner(answers);
  open.push(server);
  const merchant_id = await newMerchant(database.sql);
  await newEndpoint(database, merchant_id, { url: server.url });
  return { ...server, merchant_id };
}

/** From the final transition to the partner, each in milliseconds; in ten rounds of one settlement each. */
async function lags(healthy: Awaited<ReturnType<typeof partner>>): Promise<number[]> {
  const seen: number[] = [];
  for (let round = 0; round < 10; round++) {
    const before = healthy.received.length;
    const startedMs = performance.now();
    await settle(database, healthy.merchant_id);
    await until(
      () => healthy.received.length,
      (count) => count > before,
    );
    seen.push((healthy.received[before]?.atMs ?? Number.NaN) - startedMs);
  }
  return seen;
}

test('a healthy partner waits no longer with 40 dead, 20 slow and one flooded partner beside it', async () => {
  const healthy = await partner(() => ({ status: 200 }));
  const fetch = createSafeFetch({ development: true });
  const loop = startDelivery(database, { fetch });
  open.push({ close: loop.stop });
  const alone = await lags(healthy);

  const dead = await Promise.all(Array.from({ length: 40 }, () => partner(() => null)));
  const slow = await Promise.all(Array.from({ length: 20 }, () => partner(() => ({ status: 200, afterMs: 1_500 }))));
  const flooded = await partner(() => ({ status: 200, afterMs: 100 }));
  for (const { merchant_id } of [...dead, ...slow]) await settle(database, merchant_id, { count: 30 });
  await settle(database, flooded.merchant_id, { count: 2_000 });
  const beside = await lags(healthy);

  const figures = (of: number[]) => of.map(Math.round).toSorted((a, b) => a - b);
  process.stderr.write(`isolation: alone ${figures(alone)} ms, beside the others ${figures(beside)} ms\n`);
  // At first nobody is known to be dead, and their attempts fill every place for as long as an attempt may keep one: 1 s.
  // Without isolation it is their timeouts, 15 s each, and the flood before it.
  expect(Math.max(...beside)).toBeLessThan(4_000);
  expect(figures(beside)[5]).toBeLessThan(1_000);
  const waiting = await database.sql.query(`select from webhook_messages where state = 'pending'`);
  expect(waiting.rows.length).toBeGreaterThan(1_000);
}, 60_000);
