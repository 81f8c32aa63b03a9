// GET /.well-known/security.txt (RFC 9116): whom to tell of a weakness. Not there where no contact is configured.

import type { ApiApp } from './mount.ts';

const dayMs = 86_400_000;
/** RFC 9116 wants less than a year. A copy that somebody keeps is asked for again before it is old. */
const validDays = 180;

export function mountSecurityContact(app: ApiApp, contacts: readonly string[]): void {
  if (contacts.length === 0) return;
  app.get('/.well-known/security.txt', (context) => {
    context.header('content-type', 'text/plain; charset=utf-8');
    context.header('cache-control', 'public, max-age=86400');
    return context.body(securityText(contacts, Date.now()));
  });
}

/** The same text all day. */
export function securityText(contacts: readonly string[], nowMs: number): string {
  const today = Math.floor(nowMs / dayMs) * dayMs;
  const expires = new Date(today + validDays * dayMs).toISOString().replace('.000Z', 'Z');
  return [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires}`,
    'Preferred-Languages: en',
    '',
  ].join('\n');
}
