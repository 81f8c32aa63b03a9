// `settlement.completed` and `settlement.failed`: the webhooks of a settlement's end, written in the transaction that ends it, so that none
// is final whose webhook is not due; and written later for an endpoint that was disabled then. Sessions of the service say that
// they tell of it (db/session.ts); those of older releases do not, and a trigger tells for them.

import type { SettlementWebhook } from '../../contracts/settlement.ts';
import type { Sql } from '../db/client.ts';
import { insertMessages, type Missed, type Told } from './insert-messages.ts';

type Ended = Exclude<SettlementWebhook, { type: 'settlement.returned' | 'merchant.destination_changed' }>;

/** A settlement's row, as far as partners are told of it. */
export interface EndedRow extends Omit<Ended['data'], 'amount_minor'> {
  readonly amount_minor: string;
  /** Null while it is not final: there is nothing to tell then. */
  readonly final_at_ms: string | null;
}

/** SQL, of the table `s`: what an `EndedRow` is read from. The database's clock has microseconds; whole milliseconds are told. */
export const endedColumns = `s.settlement_id, s.merchant_id, s.amount_minor, s.currency, s.reference, s.state, s.failure_code,
  floor(extract(epoch from s.final_at) * 1000) as final_at_ms`;

/** `changed`: rows of this transaction; those that are not final are passed over. */
export async function tellOfSettlements(sql: Sql, changed: readonly EndedRow[]): Promise<void> {
  await insertMessages(sql, changed.flatMap(toldOf));
}

/** What ended while this endpoint was disabled, under the ids it would have had, the oldest first. Returns how many. */
export async function tellOfMissedSettlements(sql: Sql, missed: Missed): Promise<number> {
  const { webhook_endpoint_id, merchant_id, since, limit } = missed;
  const { rows } = await sql.query<EndedRow>(
    `select ${endedColumns} from settlements s join webhook_endpoints e on e.webhook_endpoint_id = $3
     where s.merchant_id = $1 and s.final_at >= $2
       and (e.event_types = '{}' or 'settlement.' || s.state = any (e.event_types))
       and not exists (select from webhook_messages m
         where m.webhook_endpoint_id = $3 and m.event_id = 'evt_' || substr(s.settlement_id, 5))
     order by s.final_at limit $4`,
    [merchant_id, since, webhook_endpoint_id, limit],
  );
  return await insertMessages(sql, rows.flatMap(toldOf), webhook_endpoint_id);
}

function toldOf({ final_at_ms, amount_minor, ...row }: EndedRow): Told[] {
  if (final_at_ms === null) return [];
  if (row.state !== 'completed' && row.state !== 'failed')
    throw new Error(`${row.settlement_id} is final as ${row.state}`);
  const event: Ended = {
    type: `settlement.${row.state}`,
    timestamp: new Date(Number(final_at_ms)).toISOString(),
    // Settlements are bounded far below 2^53 (`limits.amountMinorMax`).
    data: { ...row, amount_minor: Number(amount_minor) },
  };
  const { settlement_id, merchant_id } = row;
  return [{ event_id: `evt_${settlement_id.slice(4)}`, merchant_id, subject: settlement_id, event }];
}
