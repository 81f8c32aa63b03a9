// Repeats answered from Upstash Redis, over HTTP by its own client. It may be gone, slow, flushed or wrong: a failure is a miss.

import type { Redis } from '@upstash/redis';
import type { Logger } from 'pino';
import type { RedisGuard } from '../http/redis-guard.ts';
import type { AnswerCache } from './idempotency.ts';

export function createAnswerCache(redis: Pick<Redis, 'get' | 'set'>, guard: RedisGuard, log: Logger): AnswerCache {
  const ask = async <T>(question: () => Promise<T>): Promise<T | null> => {
    try {
      return await guard(question);
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
