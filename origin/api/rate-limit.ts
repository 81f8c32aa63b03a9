// How much a key may ask: a minute's quota, and a burst of a second (draft-ietf-httpapi-ratelimit-headers-10). Counted in Upstash
// Redis where that is configured, for several processes together; otherwise, and while Redis is away, in this process.
// @upstash/ratelimit: the sliding window of the store's own maker, one round trip.

import { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from '@upstash/redis';
import type { Logger } from 'pino';

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
  take(caller: string): Promise<RateAnswer>;
}

export function policiesOf(perMinute: number, burstPerSecond: number): readonly RatePolicy[] {
  return [
    { name: 'burst', quota: burstPerSecond, window_s: 1 },
    { name: 'minute', quota: perMinute, window_s: 60 },
  ];
}

/** Fixed windows in memory: exact for one process. */
export function createLocalRateLimit(policies: readonly RatePolicy[], now: () => number = Date.now): RateLimit {
  const counts = new Map<string, { window: number; count: number }>();
  const countersMax = 50_000;
  return {
    policies,
    take(caller) {
      if (counts.size > countersMax) counts.clear();
      const answers = policies.map((policy) => {
        const nowS = now() / 1_000;
        const window = Math.floor(nowS / policy.window_s);
        const name = `${policy.name} ${caller}`;
        const counted = counts.get(name);
        const count = (counted?.window === window ? counted.count : 0) + 1;
        counts.set(name, { window, count });
        const reset_s = Math.max(1, Math.ceil((window + 1) * policy.window_s - nowS));
        return { policy, remaining: Math.max(0, policy.quota - count), reset_s, allowed: count <= policy.quota };
      });
      return Promise.resolve(tightest(answers));
    },
  };
}

/** Redis is asked for at most this long: a limit is worth less than an answer. */
const redisWaitMs = 250;

export function createRedisRateLimit(redis: Redis, policies: readonly RatePolicy[], log: Logger): RateLimit {
  const local = createLocalRateLimit(policies);
  const limits = policies.map(
    (policy) =>
      [
        policy,
        new Ratelimit({
          redis,
          limiter: Ratelimit.slidingWindow(policy.quota, `${policy.window_s} s`),
          prefix: `ratelimit:${policy.name}`,
          timeout: redisWaitMs,
        }),
      ] as const,
  );
  return {
    policies,
    async take(caller) {
      try {
        const answers = await Promise.all(
          limits.map(async ([policy, limit]) => {
            const { success, remaining, reset, reason } = await limit.limit(caller);
            if (reason === 'timeout') throw new Error('Redis did not answer in time');
            const reset_s = Math.max(1, Math.ceil((reset - Date.now()) / 1_000));
            return { policy, remaining: Math.max(0, remaining), reset_s, allowed: success };
          }),
        );
        return tightest(answers);
      } catch (error) {
        log.warn({ err: error }, 'rate limits are counted in this process: Redis cannot be asked');
        return await local.take(caller);
      }
    },
  };
}

function tightest(answers: readonly RateAnswer[]): RateAnswer {
  return answers.reduce((one, other) => {
    if (one.allowed !== other.allowed) return one.allowed ? other : one;
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
