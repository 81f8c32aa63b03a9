// The headers of one attempt, by Standard Webhooks: signed with the newest secret, and with the one before while that lasts.

import { Webhook } from 'standardwebhooks';

export interface Signed {
  readonly eventId: string;
  /** Signed byte for byte: never parsed and written again. */
  readonly payload: string;
}

/** `secrets`: the newest first. `at`: the time of this attempt, not of the event. */
export function signedHeaders({ eventId, payload }: Signed, secrets: readonly string[], at: Date) {
  return {
    'content-type': 'application/json',
    'user-agent': 'Atlas-Webhooks/1',
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, payload)).join(' '),
  };
}
