// Who does something, and its mark in the audit trail. The database numbers and seals each event (migrations/0011) and keeps the
// chain's head locked until the caller's transaction ends: record last.

import type { Sql } from '../db/client.ts';

export interface Doer {
  /** An API key's id, `engine`, `provider:…`, `operator:…`. */
  readonly actor: string;
  /** The request, run or message in whose course it is done. */
  readonly correlation_id: string;
}

export interface AuditEvent extends Doer {
  /** As `settlement.replayed`. */
  readonly action: string;
  readonly subject: string;
  readonly merchant_id: string | null;
  /** Of what has states, where it was and is; both null where nothing changed its state. */
  readonly from_state?: string | null;
  readonly to_state?: string | null;
  readonly reason: string;
}

export async function recordAuditEvents(sql: Sql, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.query({
    name: 'record_audit_events',
    text: `select append_audit_events(array_agg((actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id)::audit_entry
             order by place))
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[]) with ordinality as said (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place)`,
    values: [
      events.map(({ actor }) => actor),
      events.map(({ action }) => action),
      events.map(({ subject }) => subject),
      events.map(({ merchant_id }) => merchant_id),
      events.map(({ from_state = null }) => from_state),
      events.map(({ to_state = null }) => to_state),
      events.map(({ reason }) => reason),
      events.map(({ correlation_id }) => correlation_id),
    ],
  });
}
