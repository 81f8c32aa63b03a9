// Signing a call between the halves with the standard's reference library: for the origin and for tools. The edge signs with the
// platform's own HMAC (worker/signature.ts), so that the library is not in its bundle.

import { Webhook } from 'standardwebhooks';
import { bodyBytesHeader, headSignatureHeader, headText, signedText } from './internal-api.ts';
import { secretsIn } from './secret-strength.ts';

/**
 * The headers of a signed call. `secrets`: one, or several with spaces while it changes; each of them signs, so that the
 * receiver may know the old one or the new one. `id` is fresh for each call; `at` the caller's clock.
 */
export function signCall(
  secrets: string,
  call: { method: string; pathAndQuery: string; body: string },
  { id, at }: { id: string; at: Date },
): Record<string, string> {
  const bytes = utf8Length(call.body);
  const signatures = (text: string) =>
    secretsIn(secrets)
      .map((secret) => new Webhook(secret).sign(id, at, text))
      .join(' ');
  return {
    [bodyBytesHeader]: String(bytes),
    [headSignatureHeader]: signatures(headText({ ...call, bytes })),
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures(signedText(call)),
  };
}

/** Bytes of a text in UTF-8; half of a surrogate pair is sent as U+FFFD, which has three. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
