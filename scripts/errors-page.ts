// node scripts/errors-page.ts: writes docs/errors.md from the table of errors.

import { writeFileSync } from 'node:fs';
import { errorsPage } from '../origin/api/http/errors-page.ts';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
