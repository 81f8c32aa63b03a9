// Idempotency keys whose time is over, removed. An expired key is worth nothing already (see idempotency.ts): this only bounds the
// table.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { ageMs } from '../../db/age.ts';
import type { Sql } from '../../db/client.ts';
import { createLoop, type Loop } from '../../loop.ts';

const keysPerRound = 1_000;
const intervalMs = 60_000;

export interface ReaperParts {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly log: Logger;
}

export function createReaper({ sql, registry, log }: ReaperParts): Loop {
  const removed = new Counter({
    name: 'idempotency_keys_removed_total',
    help: 'Idempotency keys removed after their time',
    registers: [registry],
  });
  return createLoop({
    name: 'idempotency keys',
    log,
    intervalMs,
    lagMs: () => ageMs(sql, 'select min(expires_at) from idempotency_keys where expires_at <= now()'),
    async round() {
      const count = await removeExpiredKeys(sql);
      removed.inc(count);
      return count === keysPerRound;
    },
  });
}

/** A round's worth: short transactions, so that nobody waits for its locks. Returns how many went. */
export async function removeExpiredKeys(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ removed: number }>(
    `with expired as (select scope_hash from idempotency_keys where expires_at <= now() order by expires_at limit $1),
       removed as (delete from idempotency_keys k using expired where k.scope_hash = expired.scope_hash
         and k.expires_at <= now() returning 1)
     select count(*)::int as removed from removed`,
    [keysPerRound],
  );
  return rows[0]?.removed ?? 0;
}
