// Signing a call between the halves with the standard's reference library: for the origin and for tools. The edge signs with the
// platform's own HMAC (worker/signature.ts), so that the library is not in its bundle.

import { Webhook } from 'standardwebhooks';
import { signedText } from './internal-api.ts';

/** The three headers of a signed call. `id` is fresh for each call; `at` the caller's clock. */
export function signCall(
  secret: string,
  call: { method: string; pathAndQuery: string; body: string },
  { id, at }: { id: string; at: Date },
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, signedText(call)),
  };
}
