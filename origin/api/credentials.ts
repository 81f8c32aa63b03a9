// Who is calling: a partner by API key, the edge by signature. Both are compared in constant time.

import { createHash, timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { signedText } from '../../contracts/internal-api.ts';
import { refusal } from './errors.ts';

/** The digests are compared, not the texts: they are of one length, and tell nothing of how far a guess was right. */
export function requireApiKey(header: string | undefined, apiKey: string): void {
  if (header === undefined || !timingSafeEqual(digest(header), digest(`Bearer ${apiKey}`)))
    throw refusal('credentials_wrong');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export interface SignedCall {
  readonly method: string;
  readonly pathAndQuery: string;
  readonly body: string;
}

/** Standard Webhooks over `signedText`, by its reference library: five minutes old at most. */
export function requireSignature(headers: Headers, call: SignedCall, secret: string): void {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const given = Object.fromEntries(names.map((name) => [name, headers.get(name) ?? '']));
  try {
    new Webhook(secret).verify(signedText(call), given, { jsonParse: false });
  } catch {
    throw refusal('signature_wrong');
  }
}
