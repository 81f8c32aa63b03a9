// Signing a call between the halves with the standard's reference library: for the origin and for tools. The edge signs with the
// platform's own HMAC (worker/signature.ts), so that the library is not in its bundle.

import { Webhook } from 'standardwebhooks';
import { signedText } from './internal-api.ts';
import { secretsIn } from './secret-strength.ts';

/**
 * The three headers of a signed call. `secrets`: one, or several with spaces while it changes; each of them signs, so that the
 * receiver may know the old one or the new one. `id` is fresh for each call; `at` the caller's clock.
 */
export function signCall(
  secrets: string,
  call: { method: string; pathAndQuery: string; body: string },
  { id, at }: { id: string; at: Date },
): Record<string, string> {
  const text = signedText(call);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secretsIn(secrets)
      .map((secret) => new Webhook(secret).sign(id, at, text))
      .join(' '),
  };
}
