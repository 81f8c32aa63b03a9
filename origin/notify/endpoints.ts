// Webhook endpoints of partners: made, read, changed, removed, and their secrets changed. Making one and changing its URL ask a name
// server, so these two look first and then open a transaction of their own; the others take the caller's.
// `merchant_id: null` in a name is an operator's view of all; what is not there, or another merchant's, is null.

import { newId } from '../../contracts/ids.ts';
import { originLimits } from '../../contracts/limits.ts';
import type { FieldProblem } from '../../contracts/problem.ts';
import type {
  NewWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointChange,
  WebhookEndpointWithSecret,
} from '../../contracts/webhook.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import { auditEndpoint } from './audit-endpoint.ts';
import {
  type EndpointName,
  type EndpointRow,
  endpointColumns,
  endpointView,
  findEndpoint,
  removedReason,
} from './endpoint-view.ts';
import type { LookAt } from './looks.ts';
import { newSigningSecret, type SecretBox } from './secret-box.ts';

/** The old secret signs too for so long: a partner changes its own in a working day. */
const secretOverlapHours = 24;

export interface EndpointParts {
  readonly box: SecretBox;
  readonly lookAt: LookAt;
}

export type EndpointRefusal = { readonly problems: readonly FieldProblem[] };

/** The merchant must exist. The answer holds the signing secret, which is shown this once. */
export async function createEndpoint(
  database: Database,
  wanted: NewWebhookEndpoint,
  { by, parts }: { by: Doer; parts: EndpointParts },
): Promise<WebhookEndpointWithSecret | EndpointRefusal | 'looks_busy'> {
  const refused = await refusedUrl(parts, wanted.merchant_id, wanted.url);
  if (refused !== null) return refused;
  return await database.transaction((sql) => insertEndpoint(sql, wanted, { by, box: parts.box }));
}

async function refusedUrl(
  { lookAt }: EndpointParts,
  owner: string,
  url: string,
): Promise<EndpointRefusal | 'looks_busy' | null> {
  const seen = await lookAt(owner, url);
  if (seen === null) return null;
  return seen === 'busy' ? 'looks_busy' : { problems: [{ field: 'url', problem: seen.problem }] };
}

async function insertEndpoint(
  sql: Sql,
  wanted: NewWebhookEndpoint,
  { by, box }: { by: Doer; box: SecretBox },
): Promise<WebhookEndpointWithSecret | EndpointRefusal> {
  const { merchant_id, url, description = '', event_types = [] } = wanted;
  // The merchant's row first, and a statement of its own to count: two at a time would both find room for the last one.
  await sql.query('select from merchants where merchant_id = $1 for update', [merchant_id]);
  const { rows: counted } = await sql.query<{ endpoints: number }>(
    `select count(*)::int as endpoints from webhook_endpoints
     where merchant_id = $1 and disabled_reason is distinct from $2`,
    [merchant_id, removedReason],
  );
  if ((counted[0]?.endpoints ?? 0) >= originLimits.webhookEndpointsMax)
    return {
      problems: [
        { field: 'merchant_id', problem: `has ${originLimits.webhookEndpointsMax} webhook endpoints already` },
      ],
    };
  const webhook_endpoint_id = newId('whk');
  const secret = newSigningSecret();
  const { rows } = await sql.query<EndpointRow>(
    `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, description, event_types, secret)
     values ($1, $2, $3, $4, $5, $6) returning ${endpointColumns}`,
    [
      webhook_endpoint_id,
      merchant_id,
      normalised(url),
      description,
      event_types,
      box.seal(secret, webhook_endpoint_id),
    ],
  );
  await auditEndpoint(sql, { action: 'created', webhook_endpoint_id, merchant_id, by });
  const [row] = rows;
  if (row === undefined) throw new Error('an insert of a webhook endpoint returned no row');
  return { ...endpointView(row), secret };
}

export async function readEndpoint(sql: Sql, name: EndpointName): Promise<WebhookEndpoint | null> {
  const row = await findEndpoint(sql, name);
  return row === null ? null : endpointView(row);
}

export interface EndpointPage {
  readonly merchant_id: string | null;
  readonly limit: number;
  /** The last id of the page before. */
  readonly after?: string | undefined;
}

/** In the order of their ids, which says nothing about them. */
export async function listEndpoints(sql: Sql, { merchant_id, limit, after }: EndpointPage) {
  const { rows } = await sql.query<EndpointRow>(
    `select ${endpointColumns} from webhook_endpoints
     where ($1::text is null or merchant_id = $1) and disabled_reason is distinct from $2 and webhook_endpoint_id > $3
     order by webhook_endpoint_id limit $4`,
    [merchant_id, removedReason, after ?? '', limit + 1],
  );
  return { webhook_endpoints: rows.slice(0, limit).map(endpointView), has_more: rows.length > limit };
}

/** Enabling forgets its failures; what it missed comes by `recoverMessages`. */
export async function updateEndpoint(
  database: Database,
  name: EndpointName,
  { change, by, parts }: { change: WebhookEndpointChange; by: Doer; parts: EndpointParts },
): Promise<WebhookEndpoint | EndpointRefusal | 'looks_busy' | null> {
  if (change.url !== undefined) {
    // No name server is asked for an endpoint that is not there, or is another merchant's.
    const found = await findEndpoint(database.sql, name);
    if (found === null) return null;
    const refused = await refusedUrl(parts, found.merchant_id, change.url);
    if (refused !== null) return refused;
  }
  return await database.transaction((sql) => changeEndpoint(sql, name, { change, by }));
}

async function changeEndpoint(
  sql: Sql,
  name: EndpointName,
  { change, by }: { change: WebhookEndpointChange; by: Doer },
): Promise<WebhookEndpoint | null> {
  const before = await findEndpoint(sql, name, { lock: true });
  if (before === null) return null;
  const status = change.status ?? before.status;
  const turned = status !== before.status;
  const { rows } = await sql.query<EndpointRow>(
    `update webhook_endpoints set url = $2, description = $3, event_types = $4, status = $5,
       disabled_reason = case when $6 then case $5 when 'disabled' then 'by_partner' end else disabled_reason end,
       failing_since = case when $6 or url <> $2 then null else failing_since end, updated_at = clock_timestamp()
     where webhook_endpoint_id = $1 returning ${endpointColumns}`,
    [
      ...[before.webhook_endpoint_id, change.url === undefined ? before.url : normalised(change.url)],
      ...[change.description ?? before.description, change.event_types ?? before.event_types, status, turned],
    ],
  );
  await auditEndpoint(sql, {
    ...{ action: 'updated', webhook_endpoint_id: before.webhook_endpoint_id, merchant_id: before.merchant_id, by },
    reason: Object.keys(change).join(' '),
  });
  const [row] = rows;
  return row === undefined ? null : endpointView(row);
}

/**
 * False: not there. Its messages say what a partner was told, so with them its row stays, disabled and without its secrets;
 * without any it goes.
 */
export async function removeEndpoint(sql: Sql, name: EndpointName, by: Doer): Promise<boolean> {
  const row = await findEndpoint(sql, name, { lock: true });
  if (row === null) return false;
  const { webhook_endpoint_id, merchant_id } = row;
  await sql.query(
    `update webhook_endpoints set status = 'disabled', disabled_reason = $2, secret = '', previous_secret = null,
       previous_secret_until = null, updated_at = clock_timestamp() where webhook_endpoint_id = $1`,
    [webhook_endpoint_id, removedReason],
  );
  await sql.query(
    `delete from webhook_endpoints e where webhook_endpoint_id = $1
     and not exists (select from webhook_messages m where m.webhook_endpoint_id = e.webhook_endpoint_id)`,
    [webhook_endpoint_id],
  );
  await auditEndpoint(sql, { action: 'removed', webhook_endpoint_id, merchant_id, by });
  return true;
}

/** The new secret, shown this once; the one before signs too for a day. A third, still older, ends now. */
export async function rotateSecret(
  sql: Sql,
  name: EndpointName,
  { by, box }: { by: Doer; box: SecretBox },
): Promise<WebhookEndpointWithSecret | null> {
  const before = await findEndpoint(sql, name, { lock: true });
  if (before === null) return null;
  const { webhook_endpoint_id, merchant_id } = before;
  const secret = newSigningSecret();
  const { rows } = await sql.query<EndpointRow>(
    `update webhook_endpoints set secret = $2, previous_secret = secret,
       previous_secret_until = now() + $3::int * interval '1 hour', updated_at = clock_timestamp()
     where webhook_endpoint_id = $1 returning ${endpointColumns}`,
    [webhook_endpoint_id, box.seal(secret, webhook_endpoint_id), secretOverlapHours],
  );
  await auditEndpoint(sql, { action: 'secret_rotated', webhook_endpoint_id, merchant_id, by });
  const [row] = rows;
  return row === undefined ? null : { ...endpointView(row), secret };
}

/** As it will be called. What is no URL was refused before. */
function normalised(url: string): string {
  const parsed = new URL(url);
  parsed.hostname = parsed.hostname.replace(/\.$/, '');
  return parsed.href;
}
