// docs/open-items.md has every kind and action, as they are, and says of each kind what a person does about it.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openItemKinds } from './kinds.ts';
import { withTables } from './kinds-table.ts';

const page = readFileSync(new URL('../../docs/open-items.md', import.meta.url), 'utf8');

test('the tables are those of the code: node scripts/open-items-page.ts writes them', () => {
  expect(page).toBe(withTables(page));
});

test.each(Object.keys(openItemKinds))('%s has a section of its own', (kind) => {
  expect(page).toContain(`\n### ${kind}\n`);
});
