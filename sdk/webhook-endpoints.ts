// Webhook endpoints: where you are told of what became of settlements.

import { Listing, pageOf } from './listing.ts';
import type { PageQuery } from './merchants.ts';
import { type CallOptions, path, type Send } from './transport.ts';
import type { WebhookMessage } from './webhook-messages.ts';

export type WebhookEventType =
  | 'settlement.completed'
  | 'settlement.failed'
  | 'settlement.returned'
  | 'merchant.destination_changed';

export interface NewWebhookEndpoint {
  readonly merchant_id: string;
  /** https, to a public address, on port 443 or 8443. */
  readonly url: string;
  readonly description?: string | undefined;
  /** None: all, those that come to be later too. */
  readonly event_types?: readonly WebhookEventType[] | undefined;
}

export interface WebhookEndpointChange {
  readonly url?: string;
  readonly description?: string;
  readonly event_types?: readonly WebhookEventType[];
  readonly status?: 'enabled' | 'disabled';
}

export interface WebhookEndpoint {
  readonly webhook_endpoint_id: `whk_${string}`;
  readonly merchant_id: `mrch_${string}`;
  readonly url: string;
  readonly description: string;
  readonly event_types: readonly string[];
  readonly status: 'enabled' | 'disabled';
  /** `gone` (it answered 410), `failing` (nothing was taken for five days), `by_partner`; null while enabled. */
  readonly disabled_reason: string | null;
  readonly failing_since: string | null;
  /** Until when the secret before the newest signs too. */
  readonly previous_secret_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Keep the secret: it is shown this once. */
export interface WebhookEndpointWithSecret extends WebhookEndpoint {
  readonly secret: string;
}

/** `complete` false: more is left than one call takes; call again with the same instant. */
export interface WebhooksRecovered {
  readonly messages: number;
  readonly complete: boolean;
}

export interface EndpointQuery extends PageQuery {
  readonly merchant_id?: string | undefined;
}

export interface MessageQuery extends PageQuery {
  readonly state?: WebhookMessage['state'] | undefined;
}

export class WebhookEndpoints {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Not sent again by itself where no answer came: the secret would be in the answer that was lost. */
  create(body: NewWebhookEndpoint, { signal }: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    return this.#send({ method: 'POST', path: '/webhook-endpoints', body, repeatable: false, signal });
  }

  retrieve(endpointId: string, { signal }: CallOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({ method: 'GET', path: path`/webhook-endpoints/${endpointId}`, signal });
  }

  list({ cursor: from, ...query }: EndpointQuery = {}, { signal }: CallOptions = {}): Listing<WebhookEndpoint> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/webhook-endpoints', query: { ...query, cursor }, signal } as const;
      return pageOf<WebhookEndpoint>(await this.#send(call), 'webhook_endpoints');
    }, from);
  }

  /** The same change twice is one change. `status: 'enabled'` ends a disabling; `recover` brings what was missed. */
  update(endpointId: string, change: WebhookEndpointChange, { signal }: CallOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({ method: 'PATCH', path: path`/webhook-endpoints/${endpointId}`, body: change, signal });
  }

  remove(endpointId: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#send({ method: 'DELETE', path: path`/webhook-endpoints/${endpointId}`, goneIsDone: true, signal });
  }

  /** The new secret; the one before signs too for 24 hours. Not sent again by itself: a second rotation ends the first. */
  rotateSecret(endpointId: string, { signal }: CallOptions = {}): Promise<WebhookEndpointWithSecret> {
    const repeatable = false;
    return this.#send({
      method: 'POST',
      path: path`/webhook-endpoints/${endpointId}/rotate-secret`,
      repeatable,
      signal,
    });
  }

  /** A `webhook.ping` to try it out. */
  sendTest(endpointId: string, { signal }: CallOptions = {}): Promise<WebhookMessage> {
    return this.#send({ method: 'POST', path: path`/webhook-endpoints/${endpointId}/test`, signal });
  }

  /** The newest first. */
  messages(
    endpointId: string,
    { cursor: from, ...query }: MessageQuery = {},
    { signal }: CallOptions = {},
  ): Listing<WebhookMessage> {
    return new Listing(async (cursor) => {
      const at = path`/webhook-endpoints/${endpointId}/messages`;
      const call = { method: 'GET', path: at, query: { ...query, cursor }, signal } as const;
      return pageOf<WebhookMessage>(await this.#send(call), 'webhook_messages');
    }, from);
  }

  /** Sends again everything since an instant that was not taken, and what came to pass while it was disabled. */
  recover(endpointId: string, { since }: { since: Date | string }, { signal }: CallOptions = {}) {
    const body = { since: typeof since === 'string' ? since : since.toISOString() };
    return this.#send<WebhooksRecovered>({
      ...{ method: 'POST', path: path`/webhook-endpoints/${endpointId}/recover`, body, signal },
    });
  }
}
