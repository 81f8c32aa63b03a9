// A random key of 43 characters: 32 bytes in base64url.

import { randomBytes } from 'node:crypto';

/** Marqeta takes no password without a numeral, a small letter, a capital and a symbol; one key in four would have no symbol. */
const sorts = [/\d/, /[a-z]/, /[A-Z]/, /[-_]/];

export function randomKey(): string {
  for (;;) {
    const key = randomBytes(32).toString('base64url');
    if (sorts.every((sort) => sort.test(key))) return key;
  }
}
