// The service on tables of ten thousand rows and more: no operation of its API, and none of its loops, reads one from end to end.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { enlarge } from '../../scripts/test-size.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { startOrigin } from '../start.ts';
import { sentDuring, wholeReads } from '../testing/plans.ts';
import { callOf, operationsOf, send } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';

const copies = 500;
/** Reads what is open, all of it, by its purpose; here that is most of the table. */
const wholeByPurpose = new Set(['countOpenItems']);
const seconds = 15;

const url = await createTestDatabase();
const world = await SampleWorld.start(url);
const operations = await operationsOf(world);
let sizes: ReadonlyMap<string, number>;

beforeAll(async () => {
  for (const operation of Array.from({ length: 3 }, () => operations).flat()) {
    const answer = await send(world, operation, await callOf(world, operation), { key: world.api.apiKey });
    expect([operation.operationId, answer.status]).toEqual([operation.operationId, operation.status]);
  }
  sizes = await asOwner(url, (owner) => enlarge(owner, copies));
}, 240_000);
afterAll(() => world.api.close());

test.each(operations.map((operation) => [operation.operationId, operation] as const))('%s', async (id, operation) => {
  const call = await callOf(world, operation);
  const sent = await sentDuring(async () => {
    const answer = await send(world, operation, call, { key: world.api.apiKey });
    expect(answer.status, answer.text).toBe(operation.status);
  });
  const found = await asOwner(url, (owner) => wholeReads(owner, sent, sizes));
  expect(wholeByPurpose.has(id) ? [] : found).toEqual([]);
});

test('what reads a table from end to end is found', async () => {
  const sent = [{ text: 'select merchant_id from merchants where name = $1', values: ['Shop'] }];
  const found = await asOwner(url, (owner) => wholeReads(owner, sent, sizes));
  expect(found).toEqual([expect.stringContaining('merchants where (name = ')]);
});

test('the loops of a service that has nothing to do', async () => {
  const config = readConfig({
    ...{ DATABASE_URL: url, API_KEY: world.api.apiKey, PORT: '0', INTERNAL_SECRET: world.api.edge.secret },
    EDGE_URL: world.api.edge.url,
  });
  const sent = await sentDuring(async () => {
    const origin = await startOrigin(config, createLog({ level: 'error' }));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    await origin.stop();
  });
  expect(await asOwner(url, (owner) => wholeReads(owner, sent, sizes))).toEqual([]);
}, 120_000);
