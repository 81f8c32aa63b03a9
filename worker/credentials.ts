// Who is calling: Basic authentication and Standard Webhooks signatures.
// Every comparison takes the same time wherever the texts differ.

import { timingSafeEqual } from 'node:crypto';
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

/** In a time that says nothing of where they differ. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
