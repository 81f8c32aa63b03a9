// Redis asked with patience that ends: a call waits a moment at most, and after some failures in a row Redis is left alone for a
// while, so that a Redis that is away or slow costs a request nothing.

import { ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { beforeWaitingFor } from '../db/held.ts';

/** Longer than an answer from the same region takes, shorter than a caller notices. */
const waitMs = 100;
const failuresInARow = 5;
const restMs = 5_000;

/** Throws where Redis fails, is late, or is being left alone. */
export type RedisGuard = <T>(question: () => Promise<T>) => Promise<T>;

export function createRedisGuard(): RedisGuard {
  // cockatiel: the breaker that the providers have too.
  const policy = wrap(
    circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresInARow) }),
    timeout(waitMs, TimeoutStrategy.Aggressive),
  );
  return (question) => {
    beforeWaitingFor('Redis');
    return policy.execute(question);
  };
}
