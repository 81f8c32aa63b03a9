// `settlement.returned`: the webhook of a payout that came back. Written in the transaction that books the return, so that there is
// no booked return whose webhook is not due; and written later for an endpoint that was disabled then.

import type { SettlementWebhook } from '../../contracts/settlement.ts';
import type { Sql } from '../db/client.ts';

type Returned = Extract<SettlementWebhook, { type: 'settlement.returned' }>;
type Told = Returned['data'];

interface Row extends Omit<Told, 'amount_minor' | 'returned_minor' | 'returned_total_minor' | 'occurred_at'> {
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
  await insertMessages(sql, rows, null);
}

export interface MissedReturns {
  readonly webhook_endpoint_id: string;
  readonly merchant_id: string;
  /** ISO instant. */
  readonly since: string;
  readonly limit: number;
}

/** What came back while this endpoint was disabled, under the ids it would have had. Returns how many. */
export async function tellOfMissedReturns(sql: Sql, missed: MissedReturns): Promise<number> {
  const { webhook_endpoint_id, merchant_id, since, limit } = missed;
  const { rows } = await sql.query<Row>(
    `${rowsOf(`r.merchant_id = $1 and r.booked_at >= $2 and not exists (select from webhook_messages m
       where m.webhook_endpoint_id = $3 and m.event_id = 'evt_' || substr(r.settlement_return_id, 5))`)} limit $4`,
    [merchant_id, since, webhook_endpoint_id, limit],
  );
  return await insertMessages(sql, rows, webhook_endpoint_id);
}

/** `only`: to this endpoint alone. */
async function insertMessages(sql: Sql, rows: readonly Row[], only: string | null): Promise<number> {
  if (rows.length === 0) return 0;
  // `on conflict`: an endpoint that is enabled at this moment may be told by both ways.
  const { rows: written } = await sql.query(
    `insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
     select t.event_id, e.webhook_endpoint_id, t.merchant_id, 'settlement.returned', t.subject, t.payload
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t (event_id, merchant_id, subject, payload)
     join webhook_endpoints e on e.merchant_id = t.merchant_id
     where e.status = 'enabled' and (e.event_types = '{}' or 'settlement.returned' = any (e.event_types))
       and ($5::text is null or e.webhook_endpoint_id = $5)
     on conflict (webhook_endpoint_id, event_id) do nothing returning message_no`,
    [
      rows.map(({ settlement_return_id }) => `evt_${settlement_return_id.slice(4)}`),
      rows.map(({ merchant_id }) => merchant_id),
      rows.map(({ settlement_id }) => settlement_id),
      rows.map((row) => JSON.stringify(eventOf(row))),
      only,
    ],
  );
  return written.length;
}

function eventOf({ booked_at, occurred_at, ...row }: Row): Returned {
  const data: Told = {
    ...row,
    // Settlements are bounded far below 2^53 (`limits.amountMinorMax`).
    amount_minor: Number(row.amount_minor),
    returned_minor: Number(row.returned_minor),
    returned_total_minor: Number(row.returned_total_minor),
    occurred_at: occurred_at?.toISOString() ?? null,
  };
  return { type: 'settlement.returned', timestamp: booked_at.toISOString(), data };
}
