// One example of each operation: a request that succeeds and its answer, as they were between a client and a service of its own.
// `node scripts/api-examples.ts` records them again.

import { readFileSync } from 'node:fs';
import type { Json } from './json-schema.ts';

export interface Example {
  /** Of the path, the query and the headers. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** Absent: none is sent. */
  readonly body?: Json;
  /** Absent: none is answered. */
  readonly answer?: Json;
}

export const examples = JSON.parse(readFileSync(new URL('./examples.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Example>
>;
