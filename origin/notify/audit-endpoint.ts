// Who did what to a partner's webhook endpoint: its secret signs, and its URL says where our words go (PCI DSS 10.2.1.5).

import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';

export interface EndpointEvent {
  readonly action:
    | 'created'
    | 'updated'
    | 'removed'
    | 'secret_rotated'
    | 'disabled'
    | 'recovered'
    | 'resent'
    | 'pinged';
  readonly webhook_endpoint_id: string;
  readonly merchant_id: string;
  readonly reason?: string;
  readonly by: Doer;
}

/** The last statement of its transaction: the chain's head is locked until the commit. */
export async function auditEndpoint(sql: Sql, event: EndpointEvent): Promise<void> {
  const { action, webhook_endpoint_id, merchant_id, reason = '', by } = event;
  const audited = { action: `webhook_endpoint.${action}`, subject: webhook_endpoint_id, merchant_id, reason };
  await recordAuditEvents(sql, [{ actor: by.actor, correlation_id: by.correlation_id, ...audited }]);
}
