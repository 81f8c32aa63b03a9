// One settlement that the database refuses to take up, alone as in a batch, must not keep all others from their turn.

import type { Sql } from '../db/client.ts';
import { isDue } from './settlement-row.ts';

const postponedMinutes = 1;

/** The longest due one waits; `skip locked`: what another engine is taking is its own. Returns which; null: none was due. */
export async function postponeFirst(sql: Sql, providers: readonly string[]): Promise<string | null> {
  const { rows } = await sql.query<{ settlement_id: string }>(
    `update settlements set due_at = now() + $2 * interval '1 minute' where settlement_id = (
       select s.settlement_id from settlements s where ${isDue}
       order by s.due_at limit 1 for no key update skip locked) returning settlement_id`,
    [providers, postponedMinutes],
  );
  return rows[0]?.settlement_id ?? null;
}
