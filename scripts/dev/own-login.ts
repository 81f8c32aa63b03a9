// The login that the origin of a development system works with on the embedded Postgres, and its password, made once.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from './home.ts';

/** The same database by that login. The origin makes it, as the owner, when it migrates. */
export function withServiceLogin(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.username = 'atlas_service';
  url.password = password();
  return url.href;
}

function password(): string {
  const path = join(home, 'service-password');
  if (existsSync(path)) return readFileSync(path, 'utf8');
  mkdirSync(home, { recursive: true });
  const made = randomBytes(18).toString('base64url');
  writeFileSync(path, made, { mode: 0o600, flag: 'wx' });
  return made;
}
