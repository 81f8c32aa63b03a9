// A webhook's messages written in the caller's transaction, with what they tell of: one to each enabled endpoint of the merchant
// that wants the event.

import type { SettlementWebhook } from '../../contracts/settlement.ts';
import { webhookText } from '../../contracts/webhook-text.ts';
import type { Sql } from '../db/client.ts';

export interface Told {
  readonly event_id: string;
  readonly merchant_id: string;
  readonly subject: string;
  readonly event: SettlementWebhook;
}

/** `only`: to this endpoint alone. Returns how many messages were written. */
export async function insertMessages(sql: Sql, told: readonly Told[], only: string | null = null): Promise<number> {
  if (told.length === 0) return 0;
  // `on conflict`: an endpoint that is enabled at this moment may be told by both ways, as it happens and as what it missed.
  const { rows } = await sql.query({
    name: 'insert_webhook_messages',
    text: `insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
           select t.event_id, e.webhook_endpoint_id, t.merchant_id, t.event_type, t.subject, t.payload
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             as t (event_id, merchant_id, event_type, subject, payload)
           join webhook_endpoints e on e.merchant_id = t.merchant_id
           where e.status = 'enabled' and (e.event_types = '{}' or t.event_type = any (e.event_types))
             and ($6::text is null or e.webhook_endpoint_id = $6)
           on conflict (webhook_endpoint_id, event_id) do nothing returning message_no`,
    values: [
      told.map(({ event_id }) => event_id),
      told.map(({ merchant_id }) => merchant_id),
      told.map(({ event }) => event.type),
      told.map(({ subject }) => subject),
      told.map(({ event }) => webhookText(event)),
      only,
    ],
  });
  return rows.length;
}

/** What an endpoint missed while it was disabled. */
export interface Missed {
  readonly webhook_endpoint_id: string;
  readonly merchant_id: string;
  /** ISO instant. */
  readonly since: string;
  readonly limit: number;
}
