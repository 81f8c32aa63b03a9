// Webhook messages: what was sent to an endpoint, every attempt, and sending one again.

import { type CallOptions, path, type Send } from './transport.ts';

export interface WebhookMessage {
  readonly webhook_message_id: `whm_${string}`;
  /** The header `webhook-id`: the same in every attempt. Keep it, and take each only once. */
  readonly event_id: string;
  readonly webhook_endpoint_id: `whk_${string}`;
  readonly event_type: string;
  /** The id of what it tells of. */
  readonly subject: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly created_at: string;
  readonly delivered_at: string | null;
}

export interface WebhookAttempt {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly answer: string;
}

export interface WebhookMessageWithAttempts extends WebhookMessage {
  /** As it is signed, byte for byte. */
  readonly payload: string;
  readonly attempt_list: readonly WebhookAttempt[];
}

export class WebhookMessages {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  retrieve(messageId: string, { signal }: CallOptions = {}): Promise<WebhookMessageWithAttempts> {
    return this.#send({ method: 'GET', path: path`/webhook-messages/${messageId}`, signal });
  }

  /** Whatever became of it. */
  resend(messageId: string, { signal }: CallOptions = {}): Promise<WebhookMessage> {
    return this.#send({ method: 'POST', path: path`/webhook-messages/${messageId}/resend`, signal });
  }
}
