import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inWords } from './all.ts';
import { faultNames, faults } from './table.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/failure-modes.md'), 'utf8');
const ci = readFileSync(join(root, '.ci/run'), 'utf8');

/** Not in CI: its figure is that of a machine of one's own; or it takes three minutes, which CI does not have. */
const byHand = ['overload', 'restore-database'];

test('each fault that the short table leaves out is run by CI by itself, but those that are named here', () => {
  for (const name of faultNames) {
    const { short } = faults[name];
    if (typeof short !== 'string' || byHand.includes(name)) continue;
    const isRun = short.startsWith('tests/')
      ? existsSync(join(root, short))
      : ci.includes(short.replace('npm run ', ''));
    expect([name, short, isRun]).toEqual([name, short, true]);
  }
  expect(ci).toContain('faults -- all --short');
});

test('each fault has its figure in docs/failure-modes.md', () => {
  const [, section = ''] = page.split('\n## The faults as one table\n');
  const [table = ''] = section.split('\n## ');
  for (const name of faultNames) expect([name, table.includes(`| \`${name}\` |`)]).toEqual([name, true]);
});

test('the table in words has a line for each row, and its findings below', () => {
  const row = {
    fault: 'queue',
    seed: 1,
    seconds: 2.4,
    figure: '3 effects',
    findings: ['one is lost'],
    report: null,
  } as const;
  const table = {
    fault: 'all',
    short: true,
    seed: 1,
    seconds: 3,
    rows: [row],
    findings: ['queue: one is lost'],
  } as const;
  expect(inWords(table).split('\n')).toEqual([
    'seed 1, 3 s',
    '',
    '| fault | what came of it | findings | took |',
    '|---|---|---|---|',
    '| queue | 3 effects | 1 | 2 s |',
    '',
    'queue: one is lost',
    '',
  ]);
});
