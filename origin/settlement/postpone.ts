// One settlement that the database refuses to take up, alone as in a batch, must not keep all others from their turn.

import type { Sql } from '../db/client.ts';

const postponedMinutes = 1;

/** The longest due one waits; `skip locked`: what another engine is taking is its own. */
export async function postponeFirst(sql: Sql): Promise<void> {
  await sql.query(
    `update settlements set due_at = now() + $1 * interval '1 minute' where settlement_id = (
       select settlement_id from settlements
       where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null and due_at <= now()
       order by due_at limit 1 for no key update skip locked)`,
    [postponedMinutes],
  );
}
