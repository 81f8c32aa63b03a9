// A name server that never answers, asked as often as a merchant likes: nobody else waits for it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

const silent = new Promise<never>(() => {});
let world: SampleWorld;
const asked: string[] = [];
beforeAll(async () => {
  world = await SampleWorld.start(
    await createTestDatabase(),
    {},
    {
      resolve: (name) => {
        asked.push(name);
        return silent;
      },
    },
  );
});
afterAll(() => world.api.close());

const as = (key: string) => ({ authorization: `Bearer ${key}` });

test('X1: 90 look-ups that never end hold no connection, and another merchant is answered meanwhile', async () => {
  const { api, own, other } = world;
  const endpoint = await world.endpoint(own);
  const path = `/webhook-endpoints/${endpoint}`;
  const slow = Array.from({ length: 90 }, (_, n) =>
    api.call('PATCH', path, { url: `https://n${n}.silent.example.com/` }, as(own.key)),
  );
  const create = { merchant_id: own.merchant_id, url: 'https://new.silent.example.com/' };
  slow.push(...Array.from({ length: 10 }, () => api.call('POST', '/webhook-endpoints', create, as(own.key))));

  const startMs = performance.now();
  while (asked.length === 0 && performance.now() - startMs < 2_000)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(asked.length).toBeGreaterThan(0);
  const during = await Promise.all([
    api.call('GET', '/settlements', undefined, as(other.key)),
    api.call('PATCH', path, { description: 'no look-up is needed' }, as(own.key)),
    api.call('PATCH', `/webhook-endpoints/${await world.endpoint(other)}`, { url: 'https://1.1.1.1/' }, as(other.key)),
    api.call('GET', '/readyz'),
  ]);
  expect(during.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  // A look-up lasts three seconds: whatever waited for one of them would not be here yet.
  expect(performance.now() - startMs).toBeLessThan(2_500);
  // Polled, as another call's connection may be on its way back; for less long than a look-up lasts.
  const inUse = () => {
    const { open, idle, waiting } = api.database.use();
    return [open - idle, waiting];
  };
  await expect.poll(inUse, { interval: 10, timeout: 400 }).toEqual([0, 0]);

  const answers = await Promise.all(slow);
  const busy = answers.filter(({ status }) => status === 429);
  expect(busy).toHaveLength(98);
  expect(busy[0]?.body).toMatchObject({ error_code: 'too_many_at_once' });
  expect(busy[0]?.headers.get('retry-after')).toBe('1');
  // A name that does not resolve yet is kept: every delivery looks again.
  expect(answers.filter(({ status }) => status === 200 || status === 201)).toHaveLength(2);
  expect(asked.length).toBe(2);
});

test('X1: no name server is asked for an endpoint of another merchant', async () => {
  const { api, own, other } = world;
  const before = asked.length;
  const url = 'https://probe.example.com/';
  const path = `/webhook-endpoints/${await world.endpoint(own)}`;
  expect((await api.call('PATCH', path, { url }, as(other.key))).status).toBe(404);
  const create = { merchant_id: own.merchant_id, url };
  expect((await api.call('POST', '/webhook-endpoints', create, as(other.key))).status).toBe(404);
  expect(asked.length).toBe(before);
});
