// Webhook endpoints over HTTP: where a merchant wants to be told, and with which secret.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import {
  newWebhookEndpointSchema,
  recoverWebhooksSchema,
  webhookEndpointChangeSchema,
  webhookEndpointSchema,
  webhookEndpointWithSecretSchema,
  webhookMessageSchema,
  webhookMessageStates,
  webhooksRecoveredSchema,
} from '../../../contracts/webhook.ts';
import type { Database } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import {
  createEndpoint,
  type EndpointParts,
  listEndpoints,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  updateEndpoint,
} from '../../notify/endpoints.ts';
import { listMessages, recoverMessages, sendTestEvent } from '../../notify/messages.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Call, doerOf, type Route, route } from '../http/route.ts';
import { sees } from '../identity/caller.ts';

const common = { tag: 'webhooks', forMerchants: true } as const;
const reads = { ...common, scope: 'webhooks:read' } as const;
const writes = { ...common, scope: 'webhooks:write' } as const;
const byId = z.strictObject({ webhook_endpoint_id: idSchema('whk') });
const one = '/webhook-endpoints/{webhook_endpoint_id}';

function nameOf({ params, caller }: { params: { webhook_endpoint_id: string }; caller: Call['caller'] }) {
  return { webhook_endpoint_id: params.webhook_endpoint_id, merchant_id: caller.merchant_id };
}

/** What the functions behind say by values, as refusals. */
function found<T extends object>(
  result: T | 'endpoint_disabled' | 'looks_busy' | null,
): Exclude<T, { problems: readonly unknown[] }> {
  if (result === null) throw refusal('webhook_endpoint_not_found');
  if (result === 'looks_busy') throw refusal('too_many_at_once');
  if (result === 'endpoint_disabled') throw refusal('webhook_endpoint_disabled');
  if ('problems' in result) throw refusal('field_invalid', result.problems as never);
  return result as Exclude<T, { problems: readonly unknown[] }>;
}

interface WebhookParts extends EndpointParts {
  readonly database: Database;
}

/** A URL is looked at before anything is written, and no transaction is open meanwhile: these two commit by themselves. */
function made({ database, ...parts }: WebhookParts): readonly Route[] {
  const create = route({
    ...writes,
    method: 'post',
    path: '/webhook-endpoints',
    name: 'createWebhookEndpoint',
    cost: costs.changeOutside,
    summary: 'Be told of settlements at a URL',
    // No idempotency key: the answer that would be kept for its repeat holds the secret, which is nowhere in the clear.
    description: 'The signing secret is in this answer and in none after it.',
    commitsItself: true,
    body: newWebhookEndpointSchema,
    answers: { status: 201, schema: webhookEndpointWithSecretSchema, description: 'With its secret.' },
    errors: ['merchant_not_found'],
    async handle(call) {
      const { body, caller, sql } = call;
      const { rows } = await sql.query('select 1 from merchants where merchant_id = $1', [body.merchant_id]);
      if (rows.length === 0 || !sees(caller, body.merchant_id)) throw refusal('merchant_not_found');
      return { body: found(await createEndpoint(database, body, { by: doerOf(call), parts })) };
    },
  });
  const update = route({
    ...writes,
    method: 'patch',
    path: one,
    name: 'updateWebhookEndpoint',
    cost: costs.changeOutside,
    summary: 'Change a webhook endpoint, or enable it again',
    commitsItself: true,
    params: byId,
    body: webhookEndpointChangeSchema,
    answers: { status: 200, schema: webhookEndpointSchema, description: 'As it stands now.' },
    errors: ['webhook_endpoint_not_found'],
    async handle(call) {
      const { body: change } = call;
      return { body: found(await updateEndpoint(database, nameOf(call), { change, by: doerOf(call), parts })) };
    },
  });
  const rotate = route({
    ...writes,
    method: 'post',
    path: `${one}/rotate-secret`,
    name: 'rotateWebhookSecret',
    cost: costs.change,
    summary: 'Sign with a new secret; the one before signs too for 24 hours',
    params: byId,
    answers: { status: 200, schema: webhookEndpointWithSecretSchema, description: 'With its new secret.' },
    errors: ['webhook_endpoint_not_found'],
    async handle(call) {
      return { body: found(await rotateSecret(call.sql, nameOf(call), { by: doerOf(call), box: parts.box })) };
    },
  });
  return [create, update, rotate];
}

const read = route({
  ...reads,
  method: 'get',
  path: one,
  name: 'readWebhookEndpoint',
  cost: costs.one,
  summary: 'Read a webhook endpoint',
  params: byId,
  answers: { status: 200, schema: webhookEndpointSchema, description: 'As it stands.' },
  errors: ['webhook_endpoint_not_found'],
  async handle(call) {
    return { body: found(await readEndpoint(call.sql, nameOf(call))) };
  },
});

const list = route({
  ...reads,
  method: 'get',
  path: '/webhook-endpoints',
  name: 'listWebhookEndpoints',
  cost: costs.page,
  summary: 'List webhook endpoints',
  query: z.strictObject({
    merchant_id: z.optional(idSchema('mrch')),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('whk')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ webhook_endpoints: z.array(webhookEndpointSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { merchant_id, limit, cursor }, caller, sql }) {
    if (merchant_id !== undefined && !sees(caller, merchant_id))
      return { body: { webhook_endpoints: [], next_cursor: null } };
    const page = { merchant_id: merchant_id ?? caller.merchant_id, limit, after: cursor?.[0] };
    const { webhook_endpoints, has_more } = await listEndpoints(sql, page);
    const last = has_more ? webhook_endpoints.at(-1) : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.webhook_endpoint_id);
    return { body: { webhook_endpoints, next_cursor } };
  },
});

const remove = route({
  ...writes,
  method: 'delete',
  path: one,
  name: 'removeWebhookEndpoint',
  cost: costs.change,
  summary: 'Remove a webhook endpoint',
  params: byId,
  answers: { status: 204, description: 'Nothing is sent there any more.' },
  errors: ['webhook_endpoint_not_found'],
  async handle(call) {
    if (!(await removeEndpoint(call.sql, nameOf(call), doerOf(call)))) throw refusal('webhook_endpoint_not_found');
    return {};
  },
});

const messages = route({
  ...reads,
  method: 'get',
  path: `${one}/messages`,
  name: 'listWebhookMessages',
  cost: costs.fullPage,
  summary: 'What was sent to an endpoint, the newest first',
  params: byId,
  query: z.strictObject({
    state: z.enum(webhookMessageStates).optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ webhook_messages: z.array(webhookMessageSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: ['webhook_endpoint_not_found'],
  async handle(call) {
    const { state, limit, cursor } = call.query;
    const page = found(await listMessages(call.sql, nameOf(call), { state, limit, before: cursor?.[0] }));
    const { webhook_messages, last_no } = page;
    return { body: { webhook_messages, next_cursor: last_no === null ? null : cursorOf(last_no) } };
  },
});

const recover = route({
  ...writes,
  method: 'post',
  path: `${one}/recover`,
  name: 'recoverWebhooks',
  cost: costs.many,
  summary: 'Send again everything since an instant that the endpoint did not take',
  params: byId,
  body: recoverWebhooksSchema,
  answers: { status: 200, schema: webhooksRecoveredSchema, description: 'How many are due now.' },
  errors: ['webhook_endpoint_not_found', 'webhook_endpoint_disabled'],
  async handle(call) {
    const { since } = call.body;
    return { body: found(await recoverMessages(call.sql, nameOf(call), { since, by: doerOf(call) })) };
  },
});

const ping = route({
  ...writes,
  method: 'post',
  path: `${one}/test`,
  name: 'sendTestWebhook',
  cost: costs.change,
  summary: 'Send a test event to an endpoint',
  params: byId,
  answers: { status: 202, schema: webhookMessageSchema, description: 'Due now.' },
  errors: ['webhook_endpoint_not_found', 'webhook_endpoint_disabled'],
  async handle(call) {
    return { body: found(await sendTestEvent(call.sql, nameOf(call), doerOf(call))) };
  },
});

export function webhookEndpointRoutes(parts: WebhookParts): readonly Route[] {
  return [...made(parts), read, list, remove, messages, recover, ping];
}
