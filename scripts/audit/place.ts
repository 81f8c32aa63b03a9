// Where the commands that prove the past look: the database, the checkpoints, and the key that these are signed with.

import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSigningKey } from '../../origin/audit/signing-key.ts';
import { home } from '../dev/home.ts';
import { systemHere } from '../dev/running.ts';
import { developmentSigningKey } from '../dev/signing-key.ts';

export function signingKey(): KeyObject {
  const given = process.env['AUDIT_SIGNING_KEY'];
  return readSigningKey('AUDIT_SIGNING_KEY', given || readFileSync(developmentSigningKey(), 'utf8'));
}

export function verifyingKey(): KeyObject {
  const given = process.env['AUDIT_PUBLIC_KEY'];
  return given ? readSigningKey('AUDIT_PUBLIC_KEY', given, 'public') : signingKey();
}

export function databaseUrl(): string {
  const url = process.env['DATABASE_URL'];
  if (url !== undefined) return url;
  const { running, because } = systemHere();
  if (running === null) throw new Error(`DATABASE_URL is not set. ${because}`);
  return running.database_url;
}

export const placeDefault = join(home, 'checkpoints');
