// Messages to endpoints as partners see them: listed, read with their attempts, sent again, recovered since an instant, and a
// test event. Each takes the caller's transaction; what is not there, or another merchant's, is null.

import { newId } from '../../contracts/ids.ts';
import {
  pingEventType,
  type WebhookAttempt,
  type WebhookMessage,
  type WebhookMessageWithAttempts,
  type WebhooksRecovered,
} from '../../contracts/webhook.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { auditEndpoint } from './audit-endpoint.ts';
import { type EndpointName, findEndpoint } from './endpoint-view.ts';
import { tellOfMissedReturns } from './tell-of-returns.ts';
import { tellOfMissedSettlements } from './tell-of-settlements.ts';

interface MessageRow extends Omit<WebhookMessage, 'next_attempt_at' | 'created_at' | 'delivered_at'> {
  readonly message_no: string;
  readonly due_at: Date;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
  readonly payload: string;
}

const messageColumns =
  'message_no, webhook_message_id, event_id, webhook_endpoint_id, event_type, subject, state, attempts, due_at, created_at, delivered_at, payload';

export interface MessageName {
  readonly webhook_message_id: string;
  readonly merchant_id: string | null;
}

export interface MessagePage {
  readonly limit: number;
  readonly state?: WebhookMessage['state'] | undefined;
  /** The last number of the page before. */
  readonly before?: string | undefined;
}

/** The newest first. `last_no`: where the next page begins; null on the last. */
export async function listMessages(sql: Sql, name: EndpointName, { limit, state, before }: MessagePage) {
  const endpoint = await findEndpoint(sql, name);
  if (endpoint === null) return null;
  const { rows } = await sql.query<MessageRow>(
    `select ${messageColumns} from webhook_messages
     where webhook_endpoint_id = $1 and ($2::text is null or state = $2) and ($3::bigint is null or message_no < $3)
     order by message_no desc limit $4`,
    [endpoint.webhook_endpoint_id, state ?? null, before ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  return {
    webhook_messages: page.map(messageView),
    last_no: rows.length > limit ? (page.at(-1)?.message_no ?? null) : null,
  };
}

/** With its body and its attempts, the newest hundred of them. */
export async function readMessage(sql: Sql, name: MessageName): Promise<WebhookMessageWithAttempts | null> {
  const row = await findMessage(sql, name);
  if (row === null) return null;
  const { rows } = await sql.query<Omit<WebhookAttempt, 'at'> & { at: Date }>(
    `select at, status, error, duration_ms, answer from webhook_attempts
     where message_no = $1 order by attempt_no desc limit 100`,
    [row.message_no],
  );
  const attempt_list = rows.toReversed().map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
  return { ...messageView(row), payload: row.payload, attempt_list };
}

/** Due at once, from the schedule's beginning, whatever became of it before; `endpoint_disabled`: enable that first. */
export async function resendMessage(
  sql: Sql,
  name: MessageName,
  by: Doer,
): Promise<WebhookMessage | 'endpoint_disabled' | null> {
  const row = await findMessage(sql, name);
  if (row === null) return null;
  const endpoint = await findEndpoint(sql, { webhook_endpoint_id: row.webhook_endpoint_id, merchant_id: null });
  if (endpoint?.status !== 'enabled') return 'endpoint_disabled';
  const { rows } = await sql.query<MessageRow>(
    `update webhook_messages set state = 'pending', attempts = 0, due_at = clock_timestamp(), lease_until = null
     where message_no = $1 returning ${messageColumns}`,
    [row.message_no],
  );
  const { webhook_endpoint_id, merchant_id } = endpoint;
  await auditEndpoint(sql, {
    ...{ action: 'resent', webhook_endpoint_id, merchant_id, by },
    reason: row.webhook_message_id,
  });
  const [again] = rows;
  return again === undefined ? null : messageView(again);
}

/** Messages of one call: a few seconds of the database's time. */
const recoverMax = 10_000;

/**
 * Everything since an instant that the endpoint did not take: what failed, what waits for a later attempt, and what came to
 * pass while it was disabled, under the event's own id. What it took is not sent again.
 */
export async function recoverMessages(
  sql: Sql,
  name: EndpointName,
  { since: given, by }: { since: string; by: Doer },
): Promise<WebhooksRecovered | 'endpoint_disabled' | null> {
  const endpoint = await findEndpoint(sql, name, { lock: true });
  if (endpoint === null) return null;
  if (endpoint.status !== 'enabled') return 'endpoint_disabled';
  const { webhook_endpoint_id, merchant_id } = endpoint;
  const since = await laterOf(sql, given);
  // What was never tried is due by itself; what is being tried now may yet succeed.
  const { rows: again } = await sql.query(
    `update webhook_messages set state = 'pending', attempts = 0, due_at = clock_timestamp(), lease_until = null
     where message_no in (
       select message_no from webhook_messages
       where webhook_endpoint_id = $1 and created_at >= $2
         and (state = 'failed' or (state = 'pending' and attempts > 0 and (lease_until is null or lease_until < now())))
       order by message_no limit $3 for update skip locked
     ) returning message_no`,
    [webhook_endpoint_id, since, recoverMax],
  );
  const missed = { webhook_endpoint_id, merchant_id, since, limit: recoverMax };
  const ended = await tellOfMissedSettlements(sql, missed);
  const returned = await tellOfMissedReturns(sql, missed);
  const messages = again.length + ended + returned;
  await auditEndpoint(sql, {
    ...{ action: 'recovered', webhook_endpoint_id, merchant_id, by },
    reason: `since ${since}: ${messages} messages`,
  });
  return { messages, complete: Math.max(again.length, ended, returned) < recoverMax };
}

/** Messages are removed after 400 days (docs/retention.md): of what is older nobody knows whether the endpoint took it. */
async function laterOf(sql: Sql, since: string): Promise<string> {
  const { rows } = await sql.query<{ since: Date }>(
    `select greatest($1::timestamptz, now() - interval '390 days') as since`,
    [since],
  );
  return rows[0]?.since.toISOString() ?? since;
}

/** A `webhook.ping` to this endpoint, whatever it subscribed to. Tried and kept like any message. */
export async function sendTestEvent(
  sql: Sql,
  name: EndpointName,
  by: Doer,
): Promise<WebhookMessage | 'endpoint_disabled' | null> {
  const endpoint = await findEndpoint(sql, name);
  if (endpoint === null) return null;
  if (endpoint.status !== 'enabled') return 'endpoint_disabled';
  const { webhook_endpoint_id, merchant_id } = endpoint;
  const payload = JSON.stringify({
    type: pingEventType,
    timestamp: new Date().toISOString(),
    data: { webhook_endpoint_id, merchant_id },
  });
  const { rows } = await sql.query<MessageRow>(
    `insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
     values ($1, $2, $3, $4, $2, $5) returning ${messageColumns}`,
    [newId('evt'), webhook_endpoint_id, merchant_id, pingEventType, payload],
  );
  await auditEndpoint(sql, { action: 'pinged', webhook_endpoint_id, merchant_id, by });
  const [row] = rows;
  return row === undefined ? null : messageView(row);
}

async function findMessage(sql: Sql, { webhook_message_id, merchant_id }: MessageName): Promise<MessageRow | null> {
  const { rows } = await sql.query<MessageRow>(
    `select ${messageColumns} from webhook_messages
     where webhook_message_id = $1 and ($2::text is null or merchant_id = $2)`,
    [webhook_message_id, merchant_id],
  );
  return rows[0] ?? null;
}

function messageView(row: MessageRow): WebhookMessage {
  const { webhook_message_id, event_id, webhook_endpoint_id, event_type, subject, state, attempts } = row;
  return {
    ...{ webhook_message_id, event_id, webhook_endpoint_id, event_type, subject, state, attempts },
    next_attempt_at: state === 'pending' ? row.due_at.toISOString() : null,
    created_at: row.created_at.toISOString(),
    delivered_at: row.delivered_at?.toISOString() ?? null,
  };
}
