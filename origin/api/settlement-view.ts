// A settlement as the API shows it. Another merchant's is not there.

import type { Settlement } from '../../contracts/settlement.ts';
import type { Sql } from '../db/client.ts';
import { type Caller, sees } from './caller.ts';
import { refusal } from './errors.ts';

export interface SettlementRow {
  readonly settlement_id: Settlement['settlement_id'];
  readonly merchant_id: Settlement['merchant_id'];
  readonly amount_minor: string;
  readonly currency: string;
  readonly reference: string;
  readonly state: Settlement['state'];
  readonly failure_code: string | null;
  readonly dead_lettered_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly final_at: Date | null;
}

export const settlementColumns =
  'settlement_id, merchant_id, amount_minor, currency, reference, state, failure_code, dead_lettered_at, created_at, updated_at, final_at';

export function settlementView(row: SettlementRow) {
  const { settlement_id, merchant_id, currency, reference, state, failure_code } = row;
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
