// Who is calling: Basic authentication, Standard Webhooks signatures, and Marqeta's own webhook signature.
// Every comparison takes the same time wherever the texts differ.

import { Refusal } from '../contracts/problem.ts';
import { isSigned } from './signature.ts';

const utf8 = new TextEncoder();

/** The Authorization header that these credentials make (RFC 7617). */
export function basicHeader({ username, password }: { username: string; password: string }): Uint8Array {
  return utf8.encode(`Basic ${base64(utf8.encode(`${username}:${password}`))}`);
}

/**
 * Compared as a whole, so that neither name nor password can be guessed alone. `expected`: several while a password changes; all are
 * compared, so that the time says nothing of which one it was.
 */
export function requireBasic(header: string | null, expected: readonly Uint8Array[]): void {
  // The scheme may be in any case (RFC 9110 section 11.1), and the credentials in theirs alone.
  const given = header === null ? null : utf8.encode(header.replace(/^basic /i, 'Basic '));
  if (given === null || expected.filter((one) => equalBytes(given, one)).length === 0)
    throw new Refusal(
      401,
      'credentials_wrong',
      'The Authorization header is missing or wrong. Send Basic credentials.',
    );
}

/** Standard Webhooks over `text`: one of the secrets must have signed it within five minutes. */
export async function requireSignature(headers: Headers, text: string, secrets: readonly string[]): Promise<void> {
  if (!(await isSigned(headers, text, secrets, Date.now())))
    throw new Refusal(
      401,
      'signature_wrong',
      'The Standard Webhooks signature is missing, wrong, or older than five minutes.',
    );
}

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

function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
