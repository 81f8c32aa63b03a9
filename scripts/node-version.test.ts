// A Node that is too old is told so in one sentence, before it meets a file that it cannot read.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const check = (version: string) =>
  spawnSync(process.execPath, [join(root, 'scripts/node-version.cjs'), version], { encoding: 'utf8' });

test.each([
  ['v18.20.8', 1],
  ['v20.20.2', 1],
  ['v23.11.1', 1],
  ['v24.0.0', 0],
  ['v26.1.0', 0],
])('Node %s ends with %d', (version, code) => {
  const { status, stderr } = check(version);
  expect(status).toBe(code);
  if (code === 1) expect(stderr).toMatch(/^Atlas needs Node 24 or newer, and this is v[\d.]+ .*\n$/);
  else expect(stderr).toBe('');
});

test('npm start asks first, and package.json names the same version', () => {
  const { scripts, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(scripts.prestart).toBe('node scripts/node-version.cjs');
  expect(engines.node).toBe('>=24');
  expect(readFileSync(join(root, 'ops/systemd/atlas-origin.service'), 'utf8')).toContain('scripts/node-version.cjs');
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toMatch(/^FROM node:24/m);
});
