// The keys that sign checkpoints: Ed25519, as PEM, or their DER in base64. While one is changed there are two, the newest first: it signs,
// and what either has signed is believed. Never quotes what it was given.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The newest first. */
export type AuditKeys = readonly [KeyObject, ...KeyObject[]];

const pem = /-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g;

/** `name`: of the setting, for the message. Several: with spaces between them, or one PEM after the other. Throws one that names it. */
export function readSigningKeys(name: string, given: string, type: 'private' | 'public' = 'private'): AuditKeys {
  const text = given.replaceAll('\\n', '\n');
  const words = [...(text.match(pem) ?? []), ...text.replaceAll(pem, ' ').split(/\s+/)].filter((word) => word !== '');
  const [first, ...others] = words.map((word) => readOne(name, word, type));
  if (first === undefined) throw noKey(name);
  const keys: AuditKeys = [first, ...others];
  if (new Set(keys.map(idOf)).size < keys.length) throw new Error(`${name} holds one key twice`);
  return keys;
}

function readOne(name: string, given: string, type: 'private' | 'public'): KeyObject {
  // The decoder passes over what is no base64: a comma between two would make one of them.
  if (!given.startsWith('-----BEGIN') && !/^[A-Za-z0-9+/]+={0,2}$/.test(given)) throw noKey(name);
  const key = given.startsWith('-----BEGIN') ? given : Buffer.from(given, 'base64');
  // Of several, the reader takes the first and passes over what follows. The second byte of DER says how many come after it.
  const isOne = typeof key === 'string' || key[1] === key.length - 2;
  try {
    const read =
      type === 'private'
        ? createPrivateKey(typeof key === 'string' ? key : { key, format: 'der', type: 'pkcs8' })
        : createPublicKey(typeof key === 'string' ? key : { key, format: 'der', type: 'spki' });
    if (isOne && read.asymmetricKeyType === 'ed25519') return read;
  } catch {
    // What was wrong with it might quote it.
  }
  throw noKey(name);
}

function noKey(name: string): Error {
  return new Error(`${name} is no Ed25519 key: PKCS #8 in PEM, or its DER in base64`);
}

/** Of a key or its public half the same: 16 hexadecimal digits of the public half's SHA-256. */
export function idOf(key: KeyObject): string {
  const der = publicOf(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

export function signWith([newest]: AuditKeys, bytes: Buffer): string {
  return sign(null, bytes, newest).toString('base64');
}

/** The id of the key that has signed it; null: none of these. */
export function signerOf(keys: AuditKeys, bytes: Buffer, signature: string): string | null {
  const signer = keys.find((key) => verify(null, bytes, publicOf(key), Buffer.from(signature, 'base64')));
  return signer === undefined ? null : idOf(signer);
}

function publicOf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}
