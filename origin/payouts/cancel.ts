// A settlement taken back while nobody has begun with it: nothing is reserved yet, so there is nothing to give back.

import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { type EndedRow, endedColumns, tellOfSettlements } from '../notify/tell-of-settlements.ts';

/** In the caller's transaction. Throws a refusal where it is not queued any more. */
export async function cancelSettlement(sql: Sql, settlementId: string, { actor, correlation_id }: Doer): Promise<void> {
  // The state is in the condition: whoever comes second, this or the engine's claim, waits for the row and finds it changed.
  const { rows } = await sql.query<EndedRow>(
    `update settlements s set state = 'failed', step = 'finalise', failure_code = 'cancelled', failure_kind = 'hard',
       changed_by = $2, change_reason = 'cancelled', correlation_id = $3
     where settlement_id = $1 and state = 'queued' returning ${endedColumns}`,
    [settlementId, actor, correlation_id],
  );
  await tellOfSettlements(sql, rows);
  if (rows.length > 0) return;
  const { rows: found } = await sql.query<{ final: boolean }>(
    `select final_at is not null as final from settlements where settlement_id = $1`,
    [settlementId],
  );
  if (found[0] === undefined) throw refusal('settlement_not_found');
  throw refusal(found[0].final ? 'settlement_already_final' : 'settlement_not_queued');
}
