// The edge by its signature, compared in constant time. Partners are known by their keys: see caller.ts.

import { Webhook } from 'standardwebhooks';
import { headSignatureHeader, headText, signedText } from '../../../contracts/internal-api.ts';
import { limits } from '../../../contracts/limits.ts';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import { webhookIdShape } from '../../../contracts/webhook-id.ts';
import { refusal } from '../../errors.ts';

export interface SignedCall {
  readonly method: string;
  readonly pathAndQuery: string;
  readonly body: string;
}

const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * Standard Webhooks over `signedText`, by its reference library: five minutes old at most. `secrets`: one, or several with spaces
 * while it changes; one of them must have signed.
 */
export function requireSignature(headers: Headers, call: SignedCall, secrets: string): void {
  verify(signatureIn(headers), signedText(call), secrets);
}

/** What can be said of a signature without the text that it is over: it is there, and its instant is near. */
export function requireFreshSignature(headers: Headers): void {
  const [id, seconds, signature] = names.map((name) => headers.get(name) ?? '');
  const ageMs = /^\d{1,12}$/.test(seconds ?? '') ? Math.abs(Date.now() - Number(seconds) * 1_000) : Number.NaN;
  if (!webhookIdShape.test(id ?? '') || !signature || !(ageMs <= limits.signatureToleranceMs))
    throw refusal('signature_wrong');
}

/** The second signature of a call, which can be looked at before the body has come: `bytes` is how long that will be. */
export function requireHeadSignature(
  headers: Headers,
  head: { method: string; pathAndQuery: string; bytes: number },
  secrets: string,
): void {
  const given = { ...signatureIn(headers), 'webhook-signature': headers.get(headSignatureHeader) ?? '' };
  verify(given, headText(head), secrets);
}

function signatureIn(headers: Headers): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, headers.get(name) ?? '']));
}

function verify(headers: Record<string, string>, text: string, secrets: string): void {
  if (
    !webhookIdShape.test(headers['webhook-id'] ?? '') ||
    !secretsIn(secrets).some((secret) => isSignedWith(secret, text, headers))
  )
    throw refusal('signature_wrong');
}

function isSignedWith(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
