// The keys that seal what the origin keeps, one for each purpose: INTERNAL_SECRET signs calls and seals nothing. The newest seals, all open,
// so that a key can be changed while the old one's rows are still there.

import { createHash, createHmac } from 'node:crypto';
import { secretsIn } from '../../contracts/secret-strength.ts';

interface SealingSettings {
  readonly ENVIRONMENT: 'development' | 'production';
  readonly WEBHOOK_SECRETS_KEY?: string | undefined;
  readonly INTERNAL_SECRET: string;
}

/**
 * The keys in base64, the newest first: those of WEBHOOK_SECRETS_KEY. On a laptop, where it may be left out, also the keys that were
 * made of INTERNAL_SECRET before it was set, so that the rows of that time still open; `npm run secrets -- reseal` ends that.
 */
export function sealingKeys({ ENVIRONMENT, WEBHOOK_SECRETS_KEY, INTERNAL_SECRET }: SealingSettings): string[] {
  const own = (WEBHOOK_SECRETS_KEY ?? '').split(/[\s,]+/).filter((key) => key !== '');
  return ENVIRONMENT === 'production' ? own : [...own, ...secretsIn(INTERNAL_SECRET).map(laptopKey)];
}

/** Keys of their own for a purpose, such as `idempotent answers`: nobody who learns one of them can open or seal anything else. */
export function keysFor(purpose: string, keys: readonly string[]): string[] {
  return keys.map((key) =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(`atlas ${purpose}`).digest('base64'),
  );
}

function laptopKey(secret: string): string {
  return createHash('sha256').update(`webhook secrets ${secret}`).digest('base64');
}
