// Marqeta's own signature of its webhooks.

import { Refusal } from '../../../contracts/problem.ts';
import { base64, equalBytes } from '../../credentials.ts';

const utf8 = new TextEncoder();

/**
 * One of the secrets must have signed it. Marqeta signs webhooks by HMAC-SHA1 or HMAC-SHA256 of the raw body in `X-Marqeta-Signature`. [U] Hex or base64 is not
 * documented for SHA-256, so both are taken.
 */
export async function requireMarqetaSignature(
  header: string | null,
  body: ArrayBuffer,
  secrets: readonly string[],
): Promise<void> {
  const kinds = ['SHA-256', 'SHA-1'].flatMap((hash) => secrets.map((secret) => ({ hash, secret })));
  for (const { hash, secret } of kinds) {
    const key = await crypto.subtle.importKey('raw', utf8.encode(secret), { name: 'HMAC', hash }, false, ['sign']);
    const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, body));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (header !== null && (equalTexts(header.toLowerCase(), hex) || equalTexts(header, base64(digest)))) return;
  }
  throw new Refusal(401, 'signature_wrong', 'The X-Marqeta-Signature header is missing or wrong.');
}

function equalTexts(one: string, other: string): boolean {
  return equalBytes(utf8.encode(one), utf8.encode(other));
}
