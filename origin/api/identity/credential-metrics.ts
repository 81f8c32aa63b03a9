// What opens a door today and will not for long. Of API keys their number, never their name: a label would tell whose they are.

import { Gauge, type Registry } from 'prom-client';
import type { Sql } from '../../db/client.ts';

/** As long as one is warned of a certificate. */
const warnedDays = 14;

export function measureCredentials(registry: Registry, sql: Sql): void {
  const ending = new Gauge({
    name: 'api_keys_ending_soon',
    help: `API keys that end within ${warnedDays} days: of operators, and of merchants`,
    labelNames: ['of'],
    registers: [registry],
    async collect() {
      ending.reset();
      const { rows } = await sql
        .query<{ operators: string; merchants: string }>(
          `select count(*) filter (where merchant_id is null) as operators, count(merchant_id) as merchants
           from api_keys where revoked_at is null and expires_at between now() and now() + make_interval(days => $1)`,
          [warnedDays],
        )
        // No figure where the database does not answer.
        .catch(() => ({ rows: [] }));
      for (const { operators, merchants } of rows) {
        ending.set({ of: 'operator' }, Number(operators));
        ending.set({ of: 'merchant' }, Number(merchants));
      }
    },
  });
}
