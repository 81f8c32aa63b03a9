// The table of secrets in docs/operating.md names every secret that the two halves read, and no other setting.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { secretSettings } from './secret-settings.ts';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const ofTheEdge = [
  'INTERNAL_SECRET',
  'NATIVE_SECRETS',
  'MARQETA_USERNAME',
  'MARQETA_PASSWORD',
  'MARQETA_WEBHOOK_SECRET',
];
/** Read by commands alone. */
const ofCommands = ['AUDIT_SIGNING_KEY'];

test('every secret is in the table, with its purpose and how two of it are valid at once', () => {
  const section = page.slice(page.indexOf('## Secrets'));
  const rows = section.split('\n').filter((line) => /^\| `[A-Z]/.test(line) && line.split('|').length === 6);
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_0-9]+)`/g)].map(([, name]) => name),
  );
  expect([...new Set(named)].sort()).toEqual(
    [...new Set([...Object.keys(secretSettings), ...ofTheEdge, ...ofCommands])].sort(),
  );
});
