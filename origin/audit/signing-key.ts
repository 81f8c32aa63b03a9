// The key that signs checkpoints: Ed25519, as PEM, or its DER in base64. Never quotes what it was given.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** `name`: of the setting, for the message. Throws one that names it. */
export function readSigningKey(name: string, given: string, type: 'private' | 'public' = 'private'): KeyObject {
  const pem = given.includes('-----BEGIN');
  const key = pem ? given.replaceAll('\\n', '\n') : Buffer.from(given, 'base64');
  // Of several, either reader takes the first and passes over what follows. The second byte of DER says how many come after it.
  const isOne = typeof key === 'string' ? key.split('-----BEGIN').length === 2 : key[1] === key.length - 2;
  try {
    const read =
      type === 'private'
        ? createPrivateKey(typeof key === 'string' ? key : { key, format: 'der', type: 'pkcs8' })
        : createPublicKey(typeof key === 'string' ? key : { key, format: 'der', type: 'spki' });
    if (isOne && read.asymmetricKeyType === 'ed25519') return read;
  } catch {
    // What was wrong with it might quote it.
  }
  throw new Error(`${name} is no Ed25519 key: PKCS #8 in PEM, or its DER in base64`);
}
