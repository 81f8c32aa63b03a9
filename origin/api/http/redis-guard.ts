// Redis asked with patience that ends: a call waits a moment at most, and after some failures in a row Redis is left alone for a
// while, so that a Redis that is away or slow costs a request nothing.

import { ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { Histogram, type Registry } from 'prom-client';
import { beforeWaitingFor } from '../../db/held.ts';

/** Longer than an answer from the same region takes, shorter than a caller notices. */
const waitMs = 100;
const failuresInARow = 5;
const restMs = 5_000;

/** Throws where Redis fails, is late, or is being left alone. */
export type RedisGuard = <T>(question: () => Promise<T>) => Promise<T>;

/** Without a registry nothing is measured. */
export function createRedisGuard(registry?: Registry): RedisGuard {
  const seconds = new Histogram({
    name: 'redis_command_duration_seconds',
    help: 'One command to Redis, until its answer',
    // 0.005: the objective is an edge.
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers: registry === undefined ? [] : [registry],
  });
  // cockatiel: the breaker that the providers have too.
  const policy = wrap(
    circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresInARow) }),
    timeout(waitMs, TimeoutStrategy.Aggressive),
  );
  return (question) => {
    beforeWaitingFor('Redis');
    return policy.execute(() => {
      const end = seconds.startTimer();
      return question().finally(() => end());
    });
  };
}
