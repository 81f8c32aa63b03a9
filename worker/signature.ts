// Standard Webhooks (https://www.standardwebhooks.com) by the platform's own HMAC, which is in no bundle and faster than one in
// JavaScript. Tests hold both directions to the standard's reference library.

import { limits } from '../contracts/limits.ts';
import { webhookIdShape } from '../contracts/webhook-id.ts';

const utf8 = new TextEncoder();
const algorithm = { name: 'HMAC', hash: 'SHA-256' };

/** What is signed: id, seconds and text, so that neither of the first two can be exchanged. */
function signedBytes({ id, seconds, text }: { id: string; seconds: string; text: string }): Uint8Array {
  return utf8.encode(`${id}.${seconds}.${text}`);
}

/** The three headers over a text. `secrets`: each signs, so that the receiver may know the old one or the new one. */
export async function signatureHeaders(
  secrets: readonly string[],
  text: string,
  { id, at }: { id: string; at: Date },
): Promise<Record<string, string>> {
  const seconds = String(Math.floor(at.getTime() / 1_000));
  const bytes = signedBytes({ id, seconds, text });
  const digests = await Promise.all(
    secrets.map(async (secret) => crypto.subtle.sign('HMAC', await keyOf(secret), bytes)),
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': digests
      .map((digest) => `v1,${btoa(String.fromCharCode(...new Uint8Array(digest)))}`)
      .join(' '),
  };
}

/** Whether one of the secrets has signed the text within five minutes of now, either way. Several signatures may be given. */
export async function isSigned(
  headers: Headers,
  text: string,
  secrets: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const [id, seconds, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headers.get(name),
  );
  if (!id || !webhookIdShape.test(id) || !seconds || !signatures || !/^\d{1,12}$/.test(seconds)) return false;
  if (Math.abs(nowMs - Number(seconds) * 1_000) > limits.signatureToleranceMs) return false;
  const signed = signedBytes({ id, seconds, text });
  for (const given of signatures.split(' ').slice(0, signaturesMax)) {
    const bytes = given.startsWith('v1,') ? bytesOf(given.slice(3)) : null;
    if (bytes === null) continue;
    // Compared by the platform in constant time.
    for (const secret of secrets)
      if (await crypto.subtle.verify('HMAC', await keyOf(secret), bytes, signed)) return true;
  }
  return false;
}

/** A sender that rotates its secret signs with two; more are no sender's of ours. */
const signaturesMax = 5;

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** By secret: importing one costs more than using it. Only our own settings' secrets come here, so there are few. */
const keys = new Map<string, Promise<Key>>();

function keyOf(secret: string): Promise<Key> {
  let key = keys.get(secret);
  if (key === undefined) {
    const bytes = bytesOf(secret.replace(/^whsec_/, ''));
    if (bytes === null) throw new Error('a secret should be whsec_ and base64');
    key = crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify']);
    keys.set(secret, key);
  }
  return key;
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
