// Signing secrets at rest: AES-256-GCM under a key of the configuration, so that a copy of the database signs nothing.
// Does not protect from whoever holds the key too, or can run code in the service.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const keyBytes = 32;
/** NIST SP 800-38D: 96 bits, random; a key may seal 2^32 texts, far more than endpoints ever have secrets. */
const nonceBytes = 12;
const tagBytes = 16;

export interface SecretBox {
  /** `owner`: what the text belongs to. It opens for that one only, so a row's text is worth nothing in another row. */
  seal(text: string, owner: string): string;
  open(sealed: string, owner: string): string;
  /** The key that it was sealed with: its place among the keys, 0 for the newest; null: none of them. */
  keyOf(sealed: string): number | null;
}

/**
 * `keys`: those of WEBHOOK_SECRETS_KEY, 32 bytes in base64 each: the first seals, all open. Throws for what is no key, and names
 * none.
 */
export function createSecretBox(keys: readonly string[]): SecretBox {
  const ring = keys.map((text) => {
    const key = Buffer.from(text, 'base64');
    if (key.length !== keyBytes) throw new Error('WEBHOOK_SECRETS_KEY: must be 32 bytes in base64');
    return { key, name: createHash('sha256').update(key).digest('base64url').slice(0, 8) };
  });
  const [newest] = ring;
  if (newest === undefined) throw new Error('WEBHOOK_SECRETS_KEY: is not set');

  return {
    keyOf(text) {
      const [, name] = text.split('.');
      const place = ring.findIndex((known) => known.name === name);
      return place < 0 ? null : place;
    },
    seal(text, owner) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', newest.key, nonce, { authTagLength: tagBytes }).setAAD(
        Buffer.from(owner),
      );
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${newest.name}.${sealed.toString('base64url')}`;
    },
    open(text, owner) {
      const [version, name, body] = text.split('.');
      const key = ring.find((known) => known.name === name)?.key;
      if (version !== 'v1' || body === undefined || key === undefined)
        throw new Error('a webhook secret was not sealed with a key of this configuration');
      const sealed = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(owner))
        .setAuthTag(sealed.subarray(-tagBytes));
      return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}

/** As partners get it: Standard Webhooks asks for 24 to 64 random bytes. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(keyBytes).toString('base64')}`;
}
