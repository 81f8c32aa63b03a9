// `settlement.returned`: the webhook of a payout that came back. Written in the transaction that books the return, so that there is
// no booked return whose webhook is not due; and written later for an endpoint that was disabled then.

import type { SettlementWebhook } from '../../contracts/settlement.ts';
import type { Sql } from '../db/client.ts';
import { insertMessages, type Missed, type Told } from './insert-messages.ts';

type Returned = Extract<SettlementWebhook, { type: 'settlement.returned' }>;
type Data = Returned['data'];

interface Row extends Omit<Data, 'amount_minor' | 'returned_minor' | 'returned_total_minor' | 'occurred_at'> {
  readonly amount_minor: string;
  readonly returned_minor: string;
  readonly returned_total_minor: string;
  readonly occurred_at: Date | null;
  readonly booked_at: Date;
}

const rowsOf = (which: string) => `
  select s.settlement_id, s.merchant_id, s.amount_minor, s.currency, s.reference, s.state, s.failure_code,
    r.settlement_return_id, r.amount_minor as returned_minor, r.reason_code, r.occurred_at, r.booked_at,
    (select sum(b.amount_minor) from settlement_returns b
     where b.settlement_id = r.settlement_id and b.settlement_return_no <= r.settlement_return_no) as returned_total_minor
  from settlement_returns r join settlements s on s.settlement_id = r.settlement_id
  where r.amount_minor > 0 and ${which}
  order by r.settlement_return_no`;

/** To every enabled endpoint that wants it. `returnIds`: inserted in this transaction. */
export async function tellOfReturns(sql: Sql, returnIds: readonly string[]): Promise<void> {
  if (returnIds.length === 0) return;
  const { rows } = await sql.query<Row>(rowsOf('r.settlement_return_id = any($1::text[])'), [returnIds]);
  await insertMessages(sql, rows.map(toldOf));
}

/** What came back while this endpoint was disabled, under the ids it would have had. Returns how many. */
export async function tellOfMissedReturns(sql: Sql, missed: Missed): Promise<number> {
  const { webhook_endpoint_id, merchant_id, since, limit } = missed;
  const { rows } = await sql.query<Row>(
    `${rowsOf(`r.merchant_id = $1 and r.booked_at >= $2 and not exists (select from webhook_messages m
       where m.webhook_endpoint_id = $3 and m.event_id = 'evt_' || substr(r.settlement_return_id, 5))`)} limit $4`,
    [merchant_id, since, webhook_endpoint_id, limit],
  );
  return await insertMessages(sql, rows.map(toldOf), webhook_endpoint_id);
}

function toldOf(row: Row): Told {
  const { settlement_return_id, settlement_id, merchant_id } = row;
  const event_id = `evt_${settlement_return_id.slice(4)}`;
  return { event_id, merchant_id, subject: settlement_id, event: eventOf(row) };
}

function eventOf({ booked_at, occurred_at, ...row }: Row): Returned {
  const data: Data = {
    ...row,
    // Settlements are bounded far below 2^53 (`limits.amountMinorMax`).
    amount_minor: Number(row.amount_minor),
    returned_minor: Number(row.returned_minor),
    returned_total_minor: Number(row.returned_total_minor),
    occurred_at: occurred_at?.toISOString() ?? null,
  };
  return { type: 'settlement.returned', timestamp: booked_at.toISOString(), data };
}
