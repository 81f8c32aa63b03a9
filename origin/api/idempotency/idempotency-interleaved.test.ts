// Many requests with few keys, through two processes over one database and one Redis that forgets, brings old answers back and is
// slow, while the keys' time runs out: nobody is told what the database had already replaced.

import { Redis } from '@upstash/redis';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { silent } from '../../../scripts/test-settlements.ts';
import { redisIsThere, SampleUpstash } from '../../../scripts/test-upstash.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { createRedisGuard } from '../http/redis-guard.ts';
import { createAnswerCache } from './answer-cache.ts';
import { createIdempotency, type Idempotency, type StoredAnswer } from './idempotency.ts';

/** How long a key is good here: some of them run out within a run. */
const ttlMs = 80;
const misdeeds = ['none', 'none', 'flushed', 'older', 'older', 'other', 'slow'] as const;

let upstash: SampleUpstash;
let database: Database;
let processes: readonly Idempotency[];

beforeAll(async () => {
  if (!redisIsThere) return;
  upstash = await SampleUpstash.start();
  database = openDatabase({ url: await createTestDatabase(), poolMax: 12, onIdleError: () => {} });
  const { url, token } = upstash;
  const options = { automaticDeserialization: false, retry: { retries: 0 }, enableTelemetry: false } as const;
  processes = [0, 1].map(() => {
    const cache = createAnswerCache(new Redis({ url, token, ...options }), createRedisGuard(), silent);
    return createIdempotency({ database, cache, ttlMs, sealingKeys: ['key-of-tests'], onHit: () => {} });
  });
  return async () => {
    await database.close();
    await upstash.close();
  };
});

const request = fc.record({
  key: fc.nat(1),
  process: fc.nat(1),
  together: fc.boolean(),
  /** Before it is sent: long enough, now and then, for a key's time to run out. */
  afterMs: fc.constantFrom(0, 0, 1, 5, 30, 100),
  misdeed: fc.constantFrom(...misdeeds),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  readonly key: number;
  readonly effect: number;
  readonly replayed: boolean;
  readonly beganMs: number;
  readonly endedMs: number;
}

class Run {
  readonly told: Told[] = [];
  readonly #name = newId('req');
  /** What Redis once said of each name. */
  readonly #oldest = new Map<string, string>();
  #effects = 0;
  readonly #together = processes.map((one) =>
    one.together<number>((_, keys) => Promise.resolve(keys.map((key) => this.#effect(key)))),
  );

  async send({ key, process, together, afterMs, misdeed }: Request): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.#misbehave(misdeed);
    const asked = { owner: 'mrch_1', route: 'interleaved', key: `${this.#name}-${key}`, content: 'the same' };
    const beganMs = performance.now();
    const sent = together
      ? this.#together[process]?.(asked, key)
      : processes[process]?.once(asked, () => Promise.resolve(this.#effect(key)), refused);
    const answer = await sent?.catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.error_code !== 'request_in_flight') throw error;
    });
    if (answer === undefined) return;
    const { body, replayed } = answer;
    const [of, effect] = body.toString().split(' ');
    expect(of).toBe(`${this.#name}-${key}`);
    this.told.push({ key, effect: Number(effect), replayed, beganMs, endedMs: performance.now() });
  }

  #effect(key: number): StoredAnswer {
    this.#effects += 1;
    return { status: 201, body: Buffer.from(`${this.#name}-${key} ${this.#effects}`), headers: {} };
  }

  async #misbehave(misdeed: Request['misdeed']): Promise<void> {
    const names = (await upstash.ask('KEYS', 'idempotency:*')) as string[];
    for (const name of names) {
      const text = await upstash.ask('GET', name);
      if (typeof text === 'string' && !this.#oldest.has(name)) this.#oldest.set(name, text);
    }
    if (misdeed === 'flushed') await upstash.ask('FLUSHALL');
    upstash.delayMs = misdeed === 'slow' ? 20 : 0;
    const brought = ([name, of]: readonly unknown[], truth: never) => {
      if (String(name).toLowerCase() !== 'get') return truth;
      const [others] = this.#oldest.values();
      return (misdeed === 'older' ? this.#oldest.get(String(of)) : others) ?? truth;
    };
    upstash.lie =
      misdeed === 'older' || misdeed === 'other' ? (command, truth) => brought(command, truth as never) : null;
  }
}

const refused = (refusal: Refusal): StoredAnswer => ({ status: refusal.status, body: Buffer.from('0'), headers: {} });

/** Nobody hears of an effect when a newer one had been told; and a newer one comes only when the time of the older is over. */
function expectNoneOutdated(told: readonly Told[]): void {
  for (const { key, effect, beganMs } of told) {
    const newer = told.filter((other) => other.key === key && other.effect > effect);
    for (const { endedMs } of newer) expect(endedMs).toBeGreaterThan(beganMs);
    const firsts = told.filter((other) => other.effect === effect && !other.replayed);
    expect(firsts.length).toBeLessThanOrEqual(1);
    // A millisecond: the two clocks are read in different units.
    for (const { endedMs } of newer)
      expect(endedMs - (firsts[0]?.beganMs ?? endedMs - ttlMs)).toBeGreaterThan(ttlMs - 1);
  }
}

describe.runIf(redisIsThere)('with Redis', () => {
  test('answers of the cache never contradict the database, whatever overtakes what', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(request, { minLength: 1, maxLength: 5, size: 'max' }), {
          minLength: 1,
          maxLength: 6,
          size: 'max',
        }),
        async (callers) => {
          const run = new Run();
          await Promise.all(
            callers.map(async (requests) => {
              for (const one of requests) await run.send(one);
            }),
          );
          expectNoneOutdated(run.told);
        },
      ),
      // Not made smaller: what overtakes what does not come again.
      { numRuns: 40, endOnFailure: true },
    );
  });
});
