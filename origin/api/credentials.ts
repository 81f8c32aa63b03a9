// The edge by its signature, compared in constant time. Partners are known by their keys: see caller.ts.

import { Webhook } from 'standardwebhooks';
import { signedText } from '../../contracts/internal-api.ts';
import { refusal } from './errors.ts';

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
