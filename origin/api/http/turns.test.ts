// One tenant asks for all that it may, and more: it waits for itself, and nobody else does.

import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { callsOf, classOf, costs, quotaCallMs, quotaOf, turnBounds } from './cost.ts';
import { createTurns } from './turns.ts';

let world: SampleWorld;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
});
afterAll(() => world.api.close());

const as = (key: string) => ({ authorization: `Bearer ${key}` });

test('a tenant has so many turns of each class at once; another has its own', async () => {
  const turns = createTurns(new Registry(), { burst: 100 });
  const { atOnce, waiting } = turnBounds.long;
  const gate = Promise.withResolvers<void>();
  let inHand = 0;
  const work = async () => {
    inHand += 1;
    await gate.promise;
    return 'done';
  };
  const asked = Array.from({ length: atOnce + waiting }, () => turns.take({ tenant: 'a', turnClass: 'long' }, work));
  await expect(turns.take({ tenant: 'a', turnClass: 'long' }, work)).rejects.toMatchObject({
    error_code: 'too_many_at_once',
  });
  expect(inHand).toBe(atOnce);
  expect(await turns.take({ tenant: 'b', turnClass: 'long' }, async () => 'at once')).toBe('at once');
  expect(await turns.take({ tenant: 'a', turnClass: 'usual' }, async () => 'another class')).toBe('another class');
  gate.resolve();
  expect(await Promise.all(asked)).toEqual(asked.map(() => 'done'));
  expect(inHand).toBe(atOnce + waiting);
});

test('of calls that come together each tenant begins one in a round of the event loop, so another need not wait for all', async () => {
  const turns = createTurns(new Registry(), { burst: 100 });
  const begun: string[] = [];
  const take = (tenant: string) =>
    turns.take({ tenant, turnClass: 'usual' }, () => {
      begun.push(tenant);
      return Promise.resolve();
    });
  const many = Array.from({ length: 100 }, () => take('a'));
  const one = take('b');
  await Promise.all([...many, one]);
  expect(begun.indexOf('b')).toBeLessThanOrEqual(1);
  expect(begun).toHaveLength(101);
});

test('beside another tenant calls are begun at a pace, so that few of them are with any of its own; alone, and with a large quota, at once', async () => {
  const begunAfterMs = async (burst: number, others: readonly string[]) => {
    const turns = createTurns(new Registry(), { burst });
    const begun: number[] = [];
    const startMs = performance.now();
    const take = (tenant: string) =>
      turns.take({ tenant, turnClass: 'usual' }, () => {
        if (tenant === 'a') begun.push(performance.now() - startMs);
        return Promise.resolve();
      });
    await Promise.all([...others.map(take), ...Array.from({ length: 50 }, () => take('a'))]);
    return begun.at(-1) ?? 0;
  };
  expect(await begunAfterMs(100, ['b'])).toBeGreaterThanOrEqual(49 * 4 - 5);
  const [alone, large] = [await begunAfterMs(100, ['a']), await begunAfterMs(1_000, ['b'])];
  expect(alone).toBeLessThan(49 * 4 - 5);
  expect(large).toBeLessThan(49 * 4 - 5);
});

test('long bodies of one tenant are looked through one at a time, with others between: no stretch computes for several', async () => {
  const { api, own } = world;
  const body = { merchant_id: own.merchant_id, event_types: Array.from({ length: 20_000 }, () => ({})) };
  const ask = async () => {
    const answer = await api.call('POST', '/webhook-endpoints', body, as(own.key));
    expect(answer.status).toBe(422);
  };
  // Compiled first.
  for (let n = 0; n < 5; n++) await ask();
  let over = false;
  const stretches: number[] = [];
  const watch = async () => {
    while (!over) {
      const before = process.cpuUsage();
      await new Promise((resolve) => setImmediate(resolve));
      const { user, system } = process.cpuUsage(before);
      stretches.push(user + system);
    }
  };
  const watching = watch();
  await Promise.all(Array.from({ length: 24 }, ask));
  over = true;
  await watching;
  const total = stretches.reduce((sum, one) => sum + one, 0);
  // Eight at once were three stretches of a third each. One or two may have the collector's work of all.
  const [, , third = 0] = stretches.toSorted((one, other) => other - one);
  expect(third / total).toBeLessThan(0.2);
});

test('pages of one tenant are read one at a time, so that a round of the event loop computes for one; another tenant has its own', async () => {
  const { api } = world;
  const keys = await Promise.all([world.newKey({ scopes: ['audit:read'] }), world.newKey({ scopes: ['audit:read'] })]);
  const { sql } = api.database;
  const { query } = sql;
  let reading = 0;
  let most = 0;
  Object.assign(sql, {
    query: async (...asked: Parameters<typeof query>) => {
      if (!String(asked[0]).includes('from audit_events')) return await query.call(sql, ...asked);
      reading += 1;
      most = Math.max(most, reading);
      return await query.call(sql, ...asked).finally(() => {
        reading -= 1;
      });
    },
  });
  const ask = async (key: string) =>
    expect((await api.call('GET', '/audit-events?limit=100', undefined, as(key))).status).toBe(200);
  try {
    await Promise.all(Array.from({ length: 20 }, () => ask(keys[0] ?? '')));
    expect(most).toBe(1);
    await Promise.all(Array.from({ length: 20 }, (_, n) => ask(keys[n % 2] ?? '')));
    expect(most).toBe(2);
  } finally {
    Object.assign(sql, { query });
  }
});

test('a turn that throws is given on, and the last one leaves nothing behind', async () => {
  const registry = new Registry();
  const turns = createTurns(registry, { burst: 100 });
  const fails = () => turns.take({ tenant: 'a', turnClass: 'long' }, () => Promise.reject(new Error('no')));
  const results = await Promise.allSettled([fails(), fails(), fails()]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await turns.take({ tenant: 'a', turnClass: 'long' }, async () => 'well')).toBe('well');
  expect(await registry.metrics()).toContain('api_calls{class="long",state="in_hand"} 0');
});

test('one tenant at once in all connections that it can get leaves some to another', async () => {
  const { api, own, other } = world;
  const endpoint = await makeEndpoint(own.key, own.merchant_id);
  const holding = Promise.withResolvers<void>();
  const { transaction } = api.database;
  let held = 0;
  let most = 0;
  Object.assign(api.database, {
    transaction: (work: Parameters<typeof transaction>[0]) =>
      transaction(async (sql) => {
        held += 1;
        most = Math.max(most, held);
        await holding.promise;
        held -= 1;
        return await work(sql);
      }),
  });
  const slow = Array.from({ length: 40 }, () =>
    api.call('POST', `/webhook-endpoints/${endpoint}/rotate-secret`, undefined, as(own.key)),
  );
  await expect.poll(() => held).toBeGreaterThan(0);
  await expect.poll(() => held).toBe(turnBounds.usual.atOnce);
  const answer = await api.call('GET', '/settlements', undefined, as(other.key));
  expect([answer.status, held]).toEqual([200, turnBounds.usual.atOnce]);
  holding.resolve();
  Object.assign(api.database, { transaction });
  await Promise.all(slow);
  expect(most).toBeLessThanOrEqual(turnBounds.usual.atOnce);
});

async function makeEndpoint(key: string, merchant_id: string): Promise<string> {
  const body = { merchant_id, url: 'https://1.1.1.1/hooks' };
  return String((await world.api.call('POST', '/webhook-endpoints', body, as(key))).body['webhook_endpoint_id']);
}

test('a late process sheds calls of the API, and neither health nor what is brought to it', async () => {
  const { api } = world;
  api.isLate = true;
  const shed = await api.call('POST', '/settlements', {}, { 'idempotency-key': newId('req') });
  expect(shed).toMatchObject({ status: 503, body: { error_code: 'overloaded' } });
  expect(shed.headers.get('retry-after')).toBe('1');
  const kept = ['/livez', '/readyz', '/health', '/metrics', '/docs'];
  for (const path of kept) expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
  // Refused for what they are, and not for when they came.
  expect((await api.call('POST', '/internal/card-events', {})).status).toBe(401);
  expect((await api.call('POST', '/provider-webhooks/nobody', {})).status).toBe(404);
  api.isLate = false;
  expect((await api.call('GET', '/settlements')).status).toBe(200);
});

test('what a body counts in the quota grows with it; what does not say its length counts as the largest', () => {
  const counted = (length: string | undefined, hasBody = true) => quotaOf(costs.change, length, hasBody);
  expect([counted('0', false), counted('2'), counted('16384'), counted('16385')]).toEqual([1, 1, 1, 2]);
  expect([counted('65536'), counted('9999999'), counted(undefined), counted('x')]).toEqual([4, 4, 4, 4]);
});

test('what a route counts in the quota grows with what it computes: a hundred calls in a second are a quarter of one core at most', () => {
  for (const cpuMs of [0.1, 2.5, 2.6, 5, 7, 40]) {
    const cost = { ...costs.page, cpuMs };
    expect((100 / callsOf(cost)) * cpuMs, String(cpuMs)).toBeLessThanOrEqual(0.25 * 1_000);
    // And not more often than that asks for.
    expect((callsOf(cost) - 1) * quotaCallMs, String(cpuMs)).toBeLessThan(cpuMs);
  }
  const dear = { ...costs.change, cpuMs: 5 };
  expect([quotaOf(dear, '2', true), quotaOf(dear, '65536', true), quotaOf(dear, undefined, false)]).toEqual([2, 4, 2]);
  // One at a time, with rests, instead.
  expect(callsOf(costs.many)).toBe(1);
});

test('classes follow from costs', () => {
  expect([classOf(costs.one), classOf(costs.changeOutside), classOf(costs.many)]).toEqual(['usual', 'outside', 'long']);
  expect([classOf(costs.page), classOf(costs.history)]).toEqual(['page', 'page']);
});
