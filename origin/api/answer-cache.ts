// Repeats answered from Upstash Redis, over HTTP by its own client. It may be gone, slow, flushed or wrong: a call waits a
// moment at most, a failure is a miss, and after some of them in a row it is left alone for a while.

import type { Redis } from '@upstash/redis';
import { ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import type { Logger } from 'pino';
import type { AnswerCache } from './idempotency.ts';

const waitMs = 100;
const failuresInARow = 5;
const restMs = 5_000;

export function createAnswerCache(redis: Pick<Redis, 'get' | 'set'>, log: Logger): AnswerCache {
  // cockatiel: the breaker that the providers have too.
  const policy = wrap(
    circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresInARow) }),
    timeout(waitMs, TimeoutStrategy.Aggressive),
  );
  const ask = async <T>(question: () => Promise<T>): Promise<T | null> => {
    try {
      return await policy.execute(question);
    } catch (error) {
      log.debug({ err: error }, 'the answer cache was not reached');
      return null;
    }
  };
  return {
    async get(name) {
      const text = await ask(() => redis.get<unknown>(name));
      return typeof text === 'string' ? text : null;
    },
    async set(name, text, ttlMs) {
      await ask(() => redis.set(name, text, { px: ttlMs }));
    },
  };
}
