import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { redisIsThere, SampleUpstash } from '../../../scripts/test-upstash.ts';
import type { Answer } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let upstash: SampleUpstash;
let url: string;
let world: SampleWorld;

/** A world of its own for each: what it has learnt of Redis stays in its process. */
beforeEach(async () => {
  if (!redisIsThere) return;
  upstash = await SampleUpstash.start();
  url = await createTestDatabase();
  const settings = { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token };
  world = await SampleWorld.start(url, settings);
  return async () => {
    await world.api.close();
    await upstash.close();
  };
});

function settle(key: string, amount_minor = 100): Promise<Answer> {
  const body = { merchant_id: world.own.merchant_id, amount_minor, currency: 'USD', reference: key };
  return world.api.call('POST', '/settlements', body, { 'idempotency-key': key });
}
async function effects(): Promise<number> {
  const { rows } = await world.api.database.sql.query<{ count: number }>(
    'select count(*)::int as count from settlements',
  );
  return rows[0]?.count ?? -1;
}
async function hits(where: 'cache' | 'database'): Promise<number> {
  const text = await (await world.api.app.request('/metrics')).text();
  return Number(new RegExp(`idempotency_cache_hits_total\\{where="${where}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}
async function kept(): Promise<[name: string, text: string][]> {
  const names = (await upstash.ask('KEYS', 'idempotency:*')) as string[];
  return await Promise.all(
    names.map(async (name) => [name, String(await upstash.ask('GET', name))] as [string, string]),
  );
}
const isGet = (command: readonly unknown[]) => String(command[0]).toLowerCase() === 'get';

describe.runIf(redisIsThere)('with Redis', () => {
  test('there: a repeat is answered from it, byte for byte, and the database is not asked', async () => {
    const first = await settle('there');
    await asOwner(url, (sql) => sql.query('revoke select on idempotency_keys from atlas_app'));
    const again = await settle('there');
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([201, first.text, 'true']);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect([await hits('cache'), await hits('database'), await effects()]).toEqual([1, 0, 1]);
    expect(await settle('there', 200)).toMatchObject({ status: 422, body: { error_code: 'idempotency_key_reused' } });
    // Nothing of the caller's is readable in its names.
    expect((await kept()).map(([name]) => name).join()).not.toContain('there');
  });

  test('gone: it is only slower, and comes back by itself', async () => {
    await upstash.shut();
    const first = await settle('gone');
    const again = await settle('gone');
    expect([first.status, again.status, again.text, await effects()]).toEqual([201, 201, first.text, 1]);
    expect([await hits('cache'), await hits('database')]).toEqual([0, 1]);
    await upstash.open();
    expect((await settle('gone')).text).toBe(first.text);
  });

  test('slow: nobody waits for it, and after a few tries nobody asks it', async () => {
    upstash.delayMs = 2_000;
    const first = await settle('slow');
    for (let n = 0; n < 4; n += 1) expect((await settle('slow')).text).toBe(first.text);
    const asked = upstash.requests;
    const startMs = performance.now();
    for (let n = 0; n < 10; n += 1) expect((await settle('slow')).text).toBe(first.text);
    expect(performance.now() - startMs).toBeLessThan(1_900);
    expect(upstash.requests).toBe(asked);
    expect(await effects()).toBe(1);
  });

  test('flushed: the database remembers, and fills it again', async () => {
    const first = await settle('flushed');
    await upstash.ask('FLUSHALL');
    expect((await settle('flushed')).text).toBe(first.text);
    expect((await settle('flushed')).text).toBe(first.text);
    expect([await hits('cache'), await hits('database'), await effects()]).toEqual([1, 1, 1]);
  });

  test("lying with another key's answer: it is not believed", async () => {
    const [one, other] = [await settle('one'), await settle('other', 200)];
    const texts = new Map(await kept());
    upstash.lie = (command, truth) =>
      isGet(command) ? ([...texts].find(([name]) => name !== command[1])?.[1] ?? null) : truth;
    expect((await settle('one')).text).toBe(one.text);
    expect((await settle('other', 200)).text).toBe(other.text);
    expect([await hits('cache'), await effects()]).toEqual([0, 2]);
  });

  test('lying with what it made up: it is not believed', async () => {
    const first = await settle('forged');
    const [[, text] = ['', '']] = await kept();
    const body = Buffer.from('{"settlement_id":"stl_never"}').toString('base64');
    const [seal = '', json = '{}'] = text.split('\n');
    const forged = JSON.stringify({ ...JSON.parse(json), b: body });
    for (const lie of [
      `${seal}\n${forged}`,
      forged,
      `\n${forged}`,
      '',
      'null',
      '{}',
      7,
      null,
      [],
      ['a'],
      'x'.repeat(100_000),
    ]) {
      upstash.lie = (command, truth) => (isGet(command) ? lie : truth);
      expect((await settle('forged')).text).toBe(first.text);
    }
    expect([await hits('cache'), await effects()]).toEqual([0, 1]);
  });

  test('lying with what was true once: not after the key’s time', async () => {
    const first = await settle('old');
    const [[, old] = ['', '']] = await kept();
    const { until } = JSON.parse(old.split('\n')[1] ?? '{}') as { until: number };
    const { rows } = await world.api.database.sql.query<{ until: Date }>(
      'select expires_at as until from idempotency_keys',
    );
    expect(until).toBe(rows[0]?.until.getTime());
    // The key's time is over, for the database and for what Redis had: both say so, whatever Redis brings back.
    await asOwner(url, (sql) =>
      sql.query(`update idempotency_keys set expires_at = now() + interval '300 milliseconds'`),
    );
    await upstash.ask('FLUSHALL');
    expect((await settle('old')).text).toBe(first.text);
    const [[, short] = ['', '']] = await kept();
    await expect.poll(async () => (await settle('old')).text === first.text, { timeout: 5_000 }).toBe(false);
    const second = await settle('old');
    upstash.lie = (command, truth) => (isGet(command) ? short : truth);
    expect((await settle('old')).text).toBe(second.text);
    expect(await effects()).toBe(2);
  });

  test('lying that it has kept what it has not: the database remembers', async () => {
    upstash.lie = (command, truth) =>
      isGet(command) ? null : String(command[0]).toLowerCase() === 'set' ? 'OK' : truth;
    const first = await settle('unkept');
    expect((await settle('unkept')).text).toBe(first.text);
    expect(await effects()).toBe(1);
  });

  test('fifty at once, whatever it does meanwhile: one effect', async () => {
    let turn = 0;
    upstash.lie = (_, truth) => (turn++ % 3 === 0 ? null : turn % 3 === 1 ? truth : 'nonsense');
    const answers = await Promise.all(Array.from({ length: 50 }, () => settle('fifty')));
    const texts = answers.filter(({ status }) => status === 201).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await effects()).toBe(1);
  });
});

const behaviours = ['true', 'flushed', 'other', 'garbage', 'older', 'unkept'] as const;

describe.runIf(redisIsThere)('whatever Redis does', () => {
  test('each key has one effect, and one answer for ever', async () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 2 }), behaviour: fc.constantFrom(...behaviours) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async (steps) => {
        const run = newId('req');
        const before = await effects();
        const first = new Map<number, string>();
        const seen: string[] = [];
        for (const { key, behaviour } of steps) {
          if (behaviour === 'flushed') await upstash.ask('FLUSHALL');
          seen.push(...(await kept()).map(([, text]) => text));
          upstash.lie = (command, truth) => lieOf(behaviour, command, { truth, seen });
          const { status, text } = await settle(`${run}-${key}`);
          expect([status, text]).toEqual([201, first.get(key) ?? text]);
          first.set(key, text);
        }
        upstash.lie = null;
        expect((await effects()) - before).toBe(first.size);
      }),
      { numRuns: 25 },
    );
  });
});

function lieOf(
  behaviour: (typeof behaviours)[number],
  command: readonly unknown[],
  { truth, seen }: { truth: unknown; seen: readonly string[] },
): never {
  const name = String(command[0]).toLowerCase();
  const answer = () => {
    if (behaviour === 'unkept' && name === 'set') return 'OK';
    if (name !== 'get') return truth;
    if (behaviour === 'other' || behaviour === 'older') return (behaviour === 'other' ? seen.at(-1) : seen[0]) ?? null;
    return behaviour === 'garbage' ? 'garbage\n{"s":201}' : truth;
  };
  return answer() as never;
}
