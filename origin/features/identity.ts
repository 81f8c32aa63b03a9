// Who calls, how often, and what they were answered before: keys, quotas, idempotency, and the records of access.

import { Counter } from 'prom-client';
import { type AccessRecords, createAccessRecords } from '../access/access-records.ts';
import { createCursorSeal } from '../api/http/cursor-seal.ts';
import type { MountParts } from '../api/http/mount.ts';
import { openRedis } from '../api/http/open-redis.ts';
import { createLocalRateLimit, createRedisRateLimit, policiesOf } from '../api/http/rate-limit.ts';
import { createRedisGuard } from '../api/http/redis-guard.ts';
import { createTurns } from '../api/http/turns.ts';
import { createAnswerCache } from '../api/idempotency/answer-cache.ts';
import { createIdempotency } from '../api/idempotency/idempotency.ts';
import { createReaper } from '../api/idempotency/reaper.ts';
import { apiKeyRoutes } from '../api/identity/api-keys.ts';
import { createCallers } from '../api/identity/caller.ts';
import { measureCredentials } from '../api/identity/credential-metrics.ts';
import { createGuesses } from '../api/identity/guesses.ts';
import { createSecretBox } from '../notify/secret-box.ts';
import { keysFor, sealingKeys } from '../secrets/sealing-keys.ts';
import type { Feature, Ground } from './feature.ts';

export interface Identity extends Feature {
  /** What every route is mounted with. */
  readonly mount: MountParts;
  readonly access: AccessRecords;
}

export function createIdentity(ground: Ground): Identity {
  const { database, registry, log } = ground;
  const mount = mountParts(ground);
  const access = createAccessRecords({ database, log });
  return {
    mount,
    access,
    routes: apiKeyRoutes(mount.callers),
    loops: [createReaper({ sql: database.sql, registry, log }), access.loop],
    gauges: [(shown) => measureCredentials(shown, database.sql)],
    close: () => access.close(),
  };
}

function mountParts({ config, apiDatabase: database, registry, log, keyWatch }: Ground): MountParts {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config;
  const redis = url && token ? openRedis({ url, token, keyWatch }) : null;
  const guard = createRedisGuard(registry);
  const policies = policiesOf(config.RATE_LIMIT_PER_MINUTE, config.RATE_LIMIT_BURST_PER_SECOND);
  const hits = new Counter({
    name: 'idempotency_cache_hits_total',
    help: 'Repeats answered with the first answer, by who remembered it',
    labelNames: ['where'],
    registers: [registry],
  });
  for (const where of ['cache', 'database']) hits.inc({ where }, 0);
  return {
    database,
    turns: createTurns(registry, { burst: config.RATE_LIMIT_BURST_PER_SECOND }),
    cursors: createCursorSeal(createSecretBox(keysFor('cursors', sealingKeys(config)))),
    callers: createCallers({
      sql: database.sql,
      rootKeys: config.API_KEY,
      guesses: createGuesses({
        perAddressPerMinute: config.WRONG_KEYS_PER_ADDRESS_PER_MINUTE,
        allPerMinute: config.WRONG_KEYS_PER_MINUTE,
      }),
    }),
    rateLimit: redis === null ? createLocalRateLimit(policies) : createRedisRateLimit({ redis, guard, policies, log }),
    idempotency: createIdempotency({
      database,
      cache: redis === null ? null : createAnswerCache(redis, guard, log),
      ttlMs: config.IDEMPOTENCY_HOURS * 3_600_000,
      sealingKeys: keysFor('idempotent answers', sealingKeys(config)),
      onHit: (where) => hits.inc({ where }),
    }),
  };
}
