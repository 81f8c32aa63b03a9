// The edge by its signature, compared in constant time. Partners are known by their keys: see caller.ts.

import { Webhook } from 'standardwebhooks';
import { signedText } from '../../contracts/internal-api.ts';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { refusal } from './errors.ts';

export interface SignedCall {
  readonly method: string;
  readonly pathAndQuery: string;
  readonly body: string;
}

/**
 * Standard Webhooks over `signedText`, by its reference library: five minutes old at most. `secrets`: one, or several with spaces
 * while it changes; one of them must have signed.
 */
export function requireSignature(headers: Headers, call: SignedCall, secrets: string): void {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const given = Object.fromEntries(names.map((name) => [name, headers.get(name) ?? '']));
  const text = signedText(call);
  if (!secretsIn(secrets).some((secret) => isSignedWith(secret, text, given))) throw refusal('signature_wrong');
}

function isSignedWith(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
