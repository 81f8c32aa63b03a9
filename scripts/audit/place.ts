// Where the commands that prove the past look: the database, the checkpoints, and the key that these are signed with.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditKeys, readSigningKeys } from '../../origin/audit/signing-key.ts';
import { home } from '../dev/home.ts';
import { systemHere } from '../dev/running.ts';
import { developmentSigningKey } from '../dev/signing-key.ts';

export function signingKeys(): AuditKeys {
  const given = process.env['AUDIT_SIGNING_KEY'];
  return readSigningKeys('AUDIT_SIGNING_KEY', given || readFileSync(developmentSigningKey(), 'utf8'));
}

export function verifyingKeys(): AuditKeys {
  const given = process.env['AUDIT_PUBLIC_KEY'];
  return given ? readSigningKeys('AUDIT_PUBLIC_KEY', given, 'public') : signingKeys();
}

/** The database, and what says so: DATABASE_URL, or why it is that of a system of `npm start`. */
export function databaseMeant(): { readonly url: string; readonly because: string } {
  const url = process.env['DATABASE_URL'];
  if (url) return { url, because: 'DATABASE_URL' };
  const { running, because } = systemHere();
  if (running === null) throw new Error(`DATABASE_URL is not set. ${because}`);
  return { url: running.database_url, because };
}

/** As people are told it: host and name, never its login. */
export function nameOfDatabase(text: string): string {
  const url = URL.parse(text);
  if (url === null) return 'one whose URL cannot be read';
  return `${url.host || url.searchParams.get('host') || 'localhost'}${url.pathname}`;
}

export const placeDefault = join(home, 'checkpoints');
