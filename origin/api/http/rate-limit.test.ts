import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { redisIsThere, SampleUpstash } from '../../../scripts/test-upstash.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { createLocalRateLimit, policiesOf, type RateAnswer, rateHeaders } from './rate-limit.ts';

describe('counted in this process', () => {
  test('in each window exactly the quota passes, of each caller apart, and what is refused takes nothing', async () => {
    const call = fc.record({ caller: fc.constantFrom('a', 'b'), waitMs: fc.integer({ min: 0, max: 400 }) });
    const calls = fc.array(call, { minLength: 20, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }), async (made, q, b) => {
        let nowMs = 1_700_000_000_123;
        const limit = createLocalRateLimit(policiesOf(q, b), () => nowMs);
        const passed = new Map<string, number>();
        for (const { caller, waitMs } of made) {
          nowMs += waitMs;
          const windows = [`s ${caller} ${Math.floor(nowMs / 1_000)}`, `m ${caller} ${Math.floor(nowMs / 60_000)}`];
          const [inSecond = 0, inMinute = 0] = windows.map((window) => passed.get(window) ?? 0);
          const answer = await limit.take(caller);
          expect(answer.allowed).toBe(inSecond < b && inMinute < q);
          if (answer.allowed) for (const window of windows) passed.set(window, (passed.get(window) ?? 0) + 1);
          const { policy, remaining, reset_s } = answer;
          const used = (policy.name === 'burst' ? inSecond : inMinute) + (answer.allowed ? 1 : 0);
          expect(remaining).toBe(policy.quota - used);
          expect(reset_s).toBeGreaterThanOrEqual(1);
          expect(reset_s).toBeLessThanOrEqual(policy.window_s);
          // Whoever waits as long as it is told is served, unless the other window has run out meanwhile: it has not, alone.
          if (!answer.allowed)
            expect(Math.floor((nowMs / 1_000 + reset_s) / policy.window_s)).toBeGreaterThan(
              Math.floor(nowMs / 1_000 / policy.window_s),
            );
        }
      }),
    );
  });

  test('who is refused by both windows is told to wait for the later one', async () => {
    const limit = createLocalRateLimit(policiesOf(2, 2), () => 1_700_000_000_000);
    await limit.take('a');
    await limit.take('a');
    expect(await limit.take('a')).toMatchObject({ allowed: false, policy: { name: 'minute' }, remaining: 0 });
    expect(await limit.take('b')).toMatchObject({ allowed: true, remaining: 1 });
  });
});

describe('the fields', () => {
  const policies = policiesOf(1_000, 100);
  const answer = (over: Partial<RateAnswer>): RateAnswer => {
    const [, minute] = policies;
    if (minute === undefined) throw new Error('there are two policies');
    return { allowed: true, policy: minute, remaining: 7, reset_s: 30, ...over };
  };

  test('are those of draft-ietf-httpapi-ratelimit-headers-10', () => {
    expect(rateHeaders(policies, answer({}))).toEqual({
      'ratelimit-policy': '"burst";q=100;w=1, "minute";q=1000;w=60',
      ratelimit: '"minute";r=7;t=30',
    });
    expect(rateHeaders(policies, answer({ allowed: false, remaining: 0 }))).toMatchObject({
      ratelimit: '"minute";r=0;t=30',
      'retry-after': '30',
    });
  });
});

describe('at the API', () => {
  let world: SampleWorld;
  beforeAll(async () => {
    world = await SampleWorld.start(await createTestDatabase(), { RATE_LIMIT_PER_MINUTE: '5' });
    return () => world.api.close();
  });
  const list = (key: string) => world.api.call('GET', '/settlements', undefined, { authorization: `Bearer ${key}` });

  test('a key that has used its quota up waits, and no other', async () => {
    const [one, other] = [await world.newKey({}), await world.newKey({ merchant_id: world.own.merchant_id })];
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await list(one));
    // A minute may begin meanwhile.
    const served = answers.filter(({ status }) => status === 200).length;
    expect(served === 5 || (served > 5 && served <= 10)).toBe(true);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ error_code: 'too_many_requests', status: 429 });
    expect(refused?.headers.get('ratelimit')).toMatch(/^"minute";r=0;t=\d+$/);
    const [, t] = /t=(\d+)$/.exec(refused?.headers.get('ratelimit') ?? '') ?? [];
    expect(refused?.headers.get('retry-after')).toBe(t);
    expect(refused?.headers.get('vary')).toBe('Accept, Accept-Encoding');
    expect((await list(other)).status).toBe(200);
  });

  test('what was refused for its quota has done nothing', async () => {
    const key = await world.newKey({});
    for (let n = 0; n < 11; n += 1) await list(key);
    const answer = await world.api.call(
      'POST',
      '/accounts',
      { name: 'refused-by-quota', currency: 'USD' },
      { authorization: `Bearer ${key}` },
    );
    const { rows } = await world.api.database.sql.query(`select from accounts where name = 'refused-by-quota'`);
    expect(rows).toHaveLength(answer.status === 429 ? 0 : 1);
  });
});

test('a call that weighs more takes more of the quota, and the last one is taken whatever it weighs', async () => {
  const limit = createLocalRateLimit(policiesOf(10, 100), () => 0);
  const taken = [];
  for (const weight of [4, 4, 4, 1]) taken.push(await limit.take('a', weight));
  expect(taken.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
    [true, 6],
    [true, 2],
    [true, 0],
    [false, 0],
  ]);
});

test('a call counts as many as the document says of its operation', async () => {
  const world = await SampleWorld.start(await createTestDatabase(), { RATE_LIMIT_PER_MINUTE: '90' });
  const { paths } = (await (await world.api.app.request('/openapi.json')).json()) as Document;
  const lists = Object.entries(paths).flatMap(([path, { get }]) =>
    get === undefined || path.includes('{') || get.parameters.some(({ required }) => required)
      ? []
      : [{ path, ...get }],
  );
  const counted: [string, number][] = [];
  for (const { path } of lists) {
    const key = await world.newKey({});
    const answer = await world.api.call('GET', path, undefined, { authorization: `Bearer ${key}` });
    expect(answer.status, path).toBe(200);
    const [, left] = /^"minute";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? [];
    counted.push([path, 90 - Number(left)]);
  }
  expect(counted).toEqual(lists.map((list) => [list.path, list['x-quota-calls']]));
  // A page of cards is the dearest of them.
  expect(counted).toContainEqual(['/cards', 2]);
  expect(counted).toContainEqual(['/settlements', 1]);
  await world.api.close();
});

interface Document {
  readonly paths: Readonly<Record<string, { readonly get?: Get }>>;
}

interface Get {
  readonly parameters: readonly { readonly required: boolean }[];
  readonly 'x-quota-calls': number;
}

describe.runIf(redisIsThere)('counted in Upstash Redis', () => {
  async function twoProcesses(perMinute: number) {
    const upstash = await SampleUpstash.start();
    const url = await createTestDatabase();
    const settings = {
      ...{ UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token },
      ...{ RATE_LIMIT_PER_MINUTE: String(perMinute) },
    };
    const apis = [await SampleApi.start(url, settings), await SampleApi.start(url, settings)];
    const list = async (n: number) => (await apis[n % 2]?.call('GET', '/settlements'))?.status;
    const close = async () => {
      for (const api of apis) await api.close();
      await upstash.close();
    };
    return { upstash, list, close };
  }

  test('one quota for several processes, and each its own while Redis is away', async () => {
    const { upstash, list, close } = await twoProcesses(10);
    const statuses: unknown[] = [];
    for (let n = 0; n < 30; n += 1) statuses.push(await list(n));
    const served = statuses.filter((status) => status === 200).length;
    // Ten; where a minute began meanwhile, the sliding window lets a few more pass.
    expect(served).toBeGreaterThanOrEqual(10);
    expect(served).toBeLessThan(16);
    expect(((await upstash.ask('KEYS', 'ratelimit:minute:*')) as unknown[]).length).toBeGreaterThan(0);
    await upstash.shut();
    for (let n = 0; n < 30; n += 1) statuses.push(await list(n));
    const alone = statuses.slice(30).filter((status) => status === 200).length;
    expect(alone).toBeGreaterThanOrEqual(20);
    expect(alone).toBeLessThanOrEqual(30);
    await close();
  });

  test('a Redis that is slow or answers nonsense lets nobody wait, and nobody through for ever', async () => {
    const { upstash, list, close } = await twoProcesses(10);
    upstash.lie = () => 'nonsense';
    const nonsense = [];
    for (let n = 0; n < 40; n += 1) nonsense.push(await list(n));
    expect(nonsense.filter((status) => status === 200).length).toBeLessThanOrEqual(30);
    expect(nonsense.every((status) => status === 200 || status === 429)).toBe(true);
    await close();
    const slow = await twoProcesses(1_000);
    slow.upstash.delayMs = 2_000;
    const startMs = performance.now();
    for (let n = 0; n < 30; n += 1) expect(await slow.list(n)).toBe(200);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    await slow.close();
  });
});
