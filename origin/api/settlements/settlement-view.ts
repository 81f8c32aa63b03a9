// A settlement as the API shows it. Another merchant's is not there.

import type { Settlement, SettlementReturn } from '../../../contracts/settlement.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { type Caller, sees } from '../identity/caller.ts';

export interface SettlementRow {
  readonly settlement_id: Settlement['settlement_id'];
  readonly merchant_id: Settlement['merchant_id'];
  readonly amount_minor: string;
  readonly currency: string;
  readonly reference: string;
  readonly state: Settlement['state'];
  readonly failure_code: string | null;
  readonly dead_lettered_at: Date | null;
  readonly payable_from: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly final_at: Date | null;
  /** In their order; null where there are none. */
  readonly returns: readonly ReturnRow[] | null;
  readonly open_item_ids: readonly Settlement['open_item_ids'][number][];
}

/** Out of JSON that the database wrote: instants as text. */
interface ReturnRow {
  readonly settlement_return_id: SettlementReturn['settlement_return_id'];
  readonly amount_minor: string;
  readonly reason_code: string;
  readonly occurred_at: string | null;
  readonly booked_at: string;
}

export const settlementColumns = `settlement_id, merchant_id, amount_minor, currency, reference, state, failure_code,
  dead_lettered_at, payable_from, created_at, updated_at, final_at,
  (select json_agg(json_build_object('settlement_return_id', r.settlement_return_id, 'amount_minor', r.amount_minor::text,
     'reason_code', r.reason_code, 'occurred_at', r.occurred_at, 'booked_at', r.booked_at) order by r.settlement_return_no)
   from settlement_returns r where r.settlement_id = settlements.settlement_id and r.amount_minor > 0) as returns,
  array(select open_item_id from open_items o where o.settlement_id = settlements.settlement_id and o.status = 'open'
    order by o.open_item_no) as open_item_ids`;

export function settlementView(row: SettlementRow) {
  const { settlement_id, merchant_id, currency, reference, state, failure_code } = row;
  const returns = (row.returns ?? []).map((one) => ({
    ...one,
    amount_minor: BigInt(one.amount_minor),
    occurred_at: one.occurred_at === null ? null : new Date(one.occurred_at).toISOString(),
    booked_at: new Date(one.booked_at).toISOString(),
  }));
  return {
    settlement_id,
    merchant_id,
    amount_minor: BigInt(row.amount_minor),
    currency,
    reference,
    state,
    dead_lettered: row.dead_lettered_at !== null,
    // Of a soft failure that is tried again, why; of a final one, why for good.
    failure_code,
    payable_from: row.payable_from?.toISOString() ?? null,
    returned_minor: returns.reduce((sum, { amount_minor }) => sum + amount_minor, 0n),
    returns,
    open_item_ids: row.open_item_ids,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    final_at: row.final_at?.toISOString() ?? null,
  };
}

export async function findSettlement(sql: Sql, caller: Caller, settlementId: string): Promise<SettlementRow> {
  const { rows } = await sql.query<SettlementRow>({
    name: 'find_settlement',
    text: `select ${settlementColumns} from settlements where settlement_id = $1`,
    values: [settlementId],
  });
  const [row] = rows;
  if (row === undefined || !sees(caller, row.merchant_id)) throw refusal('settlement_not_found');
  return row;
}
