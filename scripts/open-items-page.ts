// node scripts/open-items-page.ts: writes the tables of docs/open-items.md from the kinds and actions that there are.

import { readFileSync, writeFileSync } from 'node:fs';
import { withTables } from '../origin/open-items/kinds-table.ts';

const page = new URL('../docs/open-items.md', import.meta.url);
writeFileSync(page, withTables(readFileSync(page, 'utf8')));
