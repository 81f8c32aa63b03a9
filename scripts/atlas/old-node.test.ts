// A Node that is too old is told so in a sentence, before anything of it is read that it does not understand.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../atlas.js');
const pretending = (version: string) =>
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;

test.each([
  ['20.20.2', 2, '', /^atlas needs Node 24 or newer, and this is v\d/],
  ['24.0.0', 0, 'atlas <command> [options]', /^$/],
])('Node %s', (version, code, out, error) => {
  const ended = spawnSync(process.execPath, ['--import', pretending(version), program, '--help'], { encoding: 'utf8' });
  expect(ended.status).toBe(code);
  expect(ended.stdout).toContain(out);
  expect(ended.stderr).toMatch(error);
});
