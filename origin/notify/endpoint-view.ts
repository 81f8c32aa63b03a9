// An endpoint as partners see it, and finding it. One that was removed is not there; neither is another merchant's.

import type { WebhookEndpoint } from '../../contracts/webhook.ts';
import type { Sql } from '../db/client.ts';

/** Whose: null, an operator's, sees every merchant's. */
export interface EndpointName {
  readonly webhook_endpoint_id: string;
  readonly merchant_id: string | null;
}

/** The reason that stands for "not there any more": its messages are kept, so its row is too. */
export const removedReason = 'removed';

export interface EndpointRow {
  readonly webhook_endpoint_id: WebhookEndpoint['webhook_endpoint_id'];
  readonly merchant_id: WebhookEndpoint['merchant_id'];
  readonly url: string;
  readonly description: string;
  readonly event_types: string[];
  readonly status: WebhookEndpoint['status'];
  readonly disabled_reason: string | null;
  readonly failing_since: Date | null;
  readonly previous_secret_until: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export const endpointColumns =
  'webhook_endpoint_id, merchant_id, url, description, event_types, status, disabled_reason, failing_since, ' +
  'case when previous_secret_until > now() then previous_secret_until end as previous_secret_until, created_at, updated_at';

export function endpointView(row: EndpointRow): WebhookEndpoint {
  return {
    ...row,
    failing_since: row.failing_since?.toISOString() ?? null,
    previous_secret_until: row.previous_secret_until?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** `lock`: until the transaction ends, for whoever is about to change it. */
export async function findEndpoint(
  sql: Sql,
  { webhook_endpoint_id, merchant_id }: EndpointName,
  { lock = false }: { lock?: boolean } = {},
): Promise<EndpointRow | null> {
  const { rows } = await sql.query<EndpointRow>(
    `select ${endpointColumns} from webhook_endpoints
     where webhook_endpoint_id = $1 and ($2::text is null or merchant_id = $2) and disabled_reason is distinct from $3
     ${lock ? 'for update' : ''}`,
    [webhook_endpoint_id, merchant_id, removedReason],
  );
  return rows[0] ?? null;
}
