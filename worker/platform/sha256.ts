// What `standardwebhooks` takes of the package fast-sha256, from the platform's own crypto: faster, and 6 KB less to parse.
// wrangler.toml puts it in that package's place (`alias`).

import { createHmac } from 'node:crypto';

export function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}
