// Webhooks as partners see them: their endpoints, the messages to each, and every attempt to deliver one.
// Signed by Standard Webhooks (https://www.standardwebhooks.com): see docs/webhooks.md.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';
import { limits, originLimits } from './limits.ts';
import { settlementEventTypes } from './settlement.ts';
import { isPlain, wordsForm, wordsProblem } from './text.ts';

/** Sent on request, to try an endpoint out; every endpoint gets it, whatever it subscribed to. */
export const pingEventType = 'webhook.ping';

const printable = z
  .string()
  .check(z.maxLength(limits.textLengthMax), z.regex(wordsForm, wordsProblem), z.refine(isPlain, wordsProblem));
/** What may be reached is judged by the origin, which resolves the name. */
const urlText = z.string().check(z.minLength(1), z.maxLength(originLimits.webhookUrlLengthMax));
/** Empty: all, those that come to be later too. */
const eventTypes = z
  .array(z.enum(settlementEventTypes))
  .check(z.maxLength(settlementEventTypes.length), z.refine(allDiffer, 'names an event type twice'));

export const newWebhookEndpointSchema = z.strictObject({
  merchant_id: idSchema('mrch'),
  url: urlText,
  description: z._default(printable, ''),
  event_types: z._default(eventTypes, []),
});
export type NewWebhookEndpoint = z.input<typeof newWebhookEndpointSchema>;

/** `enabled` ends what it was disabled for; what it missed meanwhile comes by recovering since then. */
export const webhookEndpointChangeSchema = z.strictObject({
  url: z.optional(urlText),
  description: z.optional(printable),
  event_types: z.optional(eventTypes),
  status: z.optional(z.enum(['enabled', 'disabled'])),
});
export type WebhookEndpointChange = z.input<typeof webhookEndpointChangeSchema>;

const instant = z.iso.datetime();

export const webhookEndpointSchema = z.strictObject({
  webhook_endpoint_id: idSchema('whk'),
  merchant_id: idSchema('mrch'),
  url: z.string(),
  description: z.string(),
  event_types: z.array(z.string()),
  status: z.enum(['enabled', 'disabled']),
  /** `gone` (it answered 410), `failing` (nothing was taken for days), `by_partner`; null while enabled. */
  disabled_reason: z.nullable(z.string()),
  failing_since: z.nullable(instant),
  /** Until when the secret before the newest signs too; null when it does not. */
  previous_secret_until: z.nullable(instant),
  created_at: instant,
  updated_at: instant,
});
export type WebhookEndpoint = z.infer<typeof webhookEndpointSchema>;

/** Its signing secret is shown here, and never again. */
export const webhookEndpointWithSecretSchema = z.extend(webhookEndpointSchema, { secret: z.string() });
export type WebhookEndpointWithSecret = z.infer<typeof webhookEndpointWithSecretSchema>;

export const webhookMessageStates = ['pending', 'delivered', 'failed'] as const;

export const webhookMessageSchema = z.strictObject({
  webhook_message_id: idSchema('whm'),
  /** The header `webhook-id`: the same in every attempt, and for every endpoint that gets the event. */
  event_id: z.string(),
  webhook_endpoint_id: idSchema('whk'),
  event_type: z.string(),
  /** The id of what it tells of. */
  subject: z.string(),
  state: z.enum(webhookMessageStates),
  /** Attempts since it was written or last sent again. */
  attempts: z.int(),
  /** When it is tried next; null when it is not. */
  next_attempt_at: z.nullable(instant),
  created_at: instant,
  delivered_at: z.nullable(instant),
});
export type WebhookMessage = z.infer<typeof webhookMessageSchema>;

export const webhookAttemptSchema = z.strictObject({
  at: instant,
  /** What the endpoint answered; null where there was no answer. */
  status: z.nullable(z.int()),
  /** Why it counts as failed; null where it was taken. */
  error: z.nullable(z.string()),
  duration_ms: z.int(),
  /** The first of what the endpoint said, made printable, without what looks like a secret or a card number. */
  answer: z.string(),
});
export type WebhookAttempt = z.infer<typeof webhookAttemptSchema>;

/** One message with its body, as it is signed, and its attempts. */
export const webhookMessageWithAttemptsSchema = z.extend(webhookMessageSchema, {
  payload: z.string(),
  attempt_list: z.array(webhookAttemptSchema),
});
export type WebhookMessageWithAttempts = z.infer<typeof webhookMessageWithAttemptsSchema>;

export const recoverWebhooksSchema = z.strictObject({ since: instant });
/** `complete` false: more is left than one call takes; call again with the same `since`. */
export const webhooksRecoveredSchema = z.strictObject({ messages: z.int(), complete: z.boolean() });
export type WebhooksRecovered = z.infer<typeof webhooksRecoveredSchema>;

function allDiffer(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
