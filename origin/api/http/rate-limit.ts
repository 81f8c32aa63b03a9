// How much a key may ask: a minute's quota, and a burst of a second (draft-ietf-httpapi-ratelimit-headers-10). Counted in Upstash
// Redis where that is configured, for several processes together; otherwise, and while Redis is away, in this process.
// A limit is no promise: at a window's edge twice the quota may pass (here), and while Redis is away each process gives it all.

import { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from '@upstash/redis';
import type { Logger } from 'pino';
import type { RedisGuard } from './redis-guard.ts';

export interface RatePolicy {
  readonly name: 'burst' | 'minute';
  readonly quota: number;
  readonly window_s: number;
}

export interface RateAnswer {
  readonly allowed: boolean;
  /** Of the policy that is nearest to its end. */
  readonly policy: RatePolicy;
  readonly remaining: number;
  readonly reset_s: number;
}

export interface RateLimit {
  readonly policies: readonly RatePolicy[];
  /** `weight`: as how many calls it counts. The last call of a quota is taken whatever it weighs. */
  take(caller: string, weight?: number): Promise<RateAnswer>;
}

export function policiesOf(perMinute: number, burstPerSecond: number): readonly RatePolicy[] {
  return [
    { name: 'burst', quota: burstPerSecond, window_s: 1 },
    { name: 'minute', quota: perMinute, window_s: 60 },
  ];
}

/** Callers counted at once. More than there are keys: without it, memory would keep every key that was ever used. */
const callersMax = 50_000;

/** Fixed windows in memory: exact for one process. What is refused is not counted, in no window. */
export function createLocalRateLimit(policies: readonly RatePolicy[], now: () => number = Date.now): RateLimit {
  const counts = new Map<string, { window: number; count: number }[]>();
  return {
    policies,
    take(caller, weight = 1) {
      const nowS = now() / 1_000;
      let counted = counts.get(caller);
      if (counted === undefined) {
        if (counts.size >= callersMax) counts.clear();
        counted = policies.map(() => ({ window: 0, count: 0 }));
        counts.set(caller, counted);
      }
      const standing = policies.map((policy, index) => {
        const window = Math.floor(nowS / policy.window_s);
        const known = counted[index];
        const count = known?.window === window ? known.count : 0;
        const reset_s = Math.max(1, Math.ceil((window + 1) * policy.window_s - nowS));
        return { policy, window, count, reset_s, allowed: count < policy.quota };
      });
      const taken = standing.every(({ allowed }) => allowed) ? weight : 0;
      for (const [index, { window, count }] of standing.entries()) counted[index] = { window, count: count + taken };
      return Promise.resolve(
        tightest(
          standing.map(({ policy, count, reset_s, allowed }) => {
            return { policy, remaining: Math.max(0, policy.quota - count - taken), reset_s, allowed };
          }),
        ),
      );
    },
  };
}

export interface RedisRateParts {
  readonly redis: Redis;
  readonly guard: RedisGuard;
  readonly policies: readonly RatePolicy[];
  readonly log: Logger;
}

/** @upstash/ratelimit: the sliding window of the store's own maker. Both policies are asked at once. */
export function createRedisRateLimit({ redis, guard, policies, log }: RedisRateParts): RateLimit {
  const local = createLocalRateLimit(policies);
  const limits = policies.map((policy) => {
    const limiter = Ratelimit.slidingWindow(policy.quota, `${policy.window_s} s`);
    // Without a timeout of its own, which would say "allowed": the guard's is a failure, and then this process counts.
    return { policy, limit: new Ratelimit({ redis, limiter, prefix: `ratelimit:${policy.name}`, timeout: 0 }) };
  });
  return {
    policies,
    async take(caller, weight = 1) {
      try {
        const answers = await guard(() =>
          Promise.all(
            limits.map(async ({ policy, limit }) => {
              const { success, remaining, reset } = await limit.limit(caller, { rate: weight });
              if (!Number.isFinite(remaining) || !Number.isFinite(reset)) throw new Error('Redis answered no numbers');
              const reset_s = Math.max(1, Math.ceil((reset - Date.now()) / 1_000));
              return { policy, remaining: Math.max(0, remaining), reset_s, allowed: success };
            }),
          ),
        );
        return tightest(answers);
      } catch (error) {
        log.debug({ err: error }, 'rate limits are counted in this process: Redis was not reached');
        return await local.take(caller, weight);
      }
    },
  };
}

/** Of those that refuse, the one that does so longest: an earlier Retry-After would be refused again. */
function tightest(answers: readonly RateAnswer[]): RateAnswer {
  return answers.reduce((one, other) => {
    if (one.allowed !== other.allowed) return one.allowed ? other : one;
    if (!one.allowed) return other.reset_s > one.reset_s ? other : one;
    return other.remaining / other.policy.quota < one.remaining / one.policy.quota ? other : one;
  });
}

export function rateHeaders(policies: readonly RatePolicy[], answer: RateAnswer): Record<string, string> {
  const headers: Record<string, string> = {
    'ratelimit-policy': policies.map(({ name, quota, window_s }) => `"${name}";q=${quota};w=${window_s}`).join(', '),
    ratelimit: `"${answer.policy.name}";r=${answer.remaining};t=${answer.reset_s}`,
  };
  if (!answer.allowed) headers['retry-after'] = String(answer.reset_s);
  return headers;
}
