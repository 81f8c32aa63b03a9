// The key of this machine for checkpoints of the audit trail, made once: for development alone.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from './home.ts';

/** Its path. */
export function developmentSigningKey(): string {
  const path = join(home, 'audit-signing-key.pem');
  if (existsSync(path)) return path;
  mkdirSync(home, { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return path;
}
