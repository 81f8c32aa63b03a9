// How far the clocks of the database and of the edge are from ours: what ClockSkewed asks for.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { openDatabase } from './db/client.ts';
import { measure } from './metrics.ts';

test('each clock has its figure; one that does not answer has none', async () => {
  const database = openDatabase({ url: await createTestDatabase(), poolMax: 2, onIdleError: () => {} });
  const edge = { clockMs: async () => Date.now() + 45_000 };
  const registry = new Registry();
  measure(registry, { work: database, api: database }, edge);
  const skewOf = async () => {
    const { values = [] } = (await registry.getSingleMetric('clock_skew_seconds')?.get()) ?? {};
    return Object.fromEntries(values.map(({ labels, value }) => [labels['of'], value]));
  };
  const seen = await skewOf();
  expect(Object.keys(seen).sort()).toEqual(['database', 'edge']);
  expect(seen['edge']).toBeCloseTo(45, 0);
  expect(Math.abs(seen['database'] ?? Number.NaN)).toBeLessThan(2);

  edge.clockMs = () => Promise.reject(new Error('the edge cannot be reached'));
  expect(Object.keys(await skewOf())).toEqual(['database']);
  await database.close();
  expect(await skewOf()).toEqual({});
});
