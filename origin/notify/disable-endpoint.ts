// Ends deliveries to an endpoint that said it is gone, or took nothing for days. What is pending for it ends as failed, in
// its own time; the partner enables it again and recovers what it missed.

import type { Sql } from '../db/client.ts';
import { auditEndpoint } from './audit-endpoint.ts';

export interface Disabled {
  readonly webhook_endpoint_id: string;
  readonly reason: 'gone' | 'failing';
}

/** False: it was disabled already. */
export async function disableEndpoint(sql: Sql, { webhook_endpoint_id, reason }: Disabled): Promise<boolean> {
  const { rows } = await sql.query<{ merchant_id: string }>(
    `update webhook_endpoints set status = 'disabled', disabled_reason = $2, updated_at = clock_timestamp()
     where webhook_endpoint_id = $1 and status = 'enabled' returning merchant_id`,
    [webhook_endpoint_id, reason],
  );
  const [row] = rows;
  if (row === undefined) return false;
  await auditEndpoint(sql, {
    ...{ action: 'disabled', webhook_endpoint_id, merchant_id: row.merchant_id, reason },
    by: { actor: 'notify', correlation_id: webhook_endpoint_id },
  });
  return true;
}
