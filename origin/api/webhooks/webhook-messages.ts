// Webhook messages over HTTP: one message with its attempts, and sending it again.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { webhookMessageSchema, webhookMessageWithAttemptsSchema } from '../../../contracts/webhook.ts';
import { refusal } from '../../errors.ts';
import { readMessage, resendMessage } from '../../notify/messages.ts';
import { costs } from '../http/cost.ts';
import { doerOf, type Route, route } from '../http/route.ts';

const byId = z.strictObject({ webhook_message_id: idSchema('whm') });
const path = '/webhook-messages/{webhook_message_id}';

const read = route({
  method: 'get',
  path,
  name: 'readWebhookMessage',
  cost: costs.one,
  summary: 'Read a message, its body and every attempt to deliver it',
  tag: 'webhooks',
  scope: 'webhooks:read',
  forMerchants: true,
  params: byId,
  answers: { status: 200, schema: webhookMessageWithAttemptsSchema, description: 'The newest hundred attempts.' },
  errors: ['webhook_message_not_found'],
  async handle({ params, caller, sql }) {
    const message = await readMessage(sql, { ...params, merchant_id: caller.merchant_id });
    if (message === null) throw refusal('webhook_message_not_found');
    return { body: message };
  },
});

const resend = route({
  method: 'post',
  path: `${path}/resend`,
  name: 'resendWebhookMessage',
  cost: costs.change,
  summary: 'Send a message again, whatever became of it',
  tag: 'webhooks',
  scope: 'webhooks:write',
  forMerchants: true,
  params: byId,
  answers: { status: 202, schema: webhookMessageSchema, description: 'Due now.' },
  errors: ['webhook_message_not_found', 'webhook_endpoint_disabled'],
  async handle({ params, sql, ...call }) {
    const message = await resendMessage(sql, { ...params, merchant_id: call.caller.merchant_id }, doerOf(call));
    if (message === null) throw refusal('webhook_message_not_found');
    if (message === 'endpoint_disabled') throw refusal('webhook_endpoint_disabled');
    return { body: message };
  },
});

export const webhookMessageRoutes: readonly Route[] = [read, resend];
