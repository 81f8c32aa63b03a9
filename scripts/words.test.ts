// Every command answers its help with 0, and words that it does not know with 2, what is wrong, and the help.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const commands = [
  'load/bench.ts',
  'load/faults.ts',
  'scripts/audit.ts',
  'scripts/dev.ts',
  'scripts/settle.ts',
  'tests/simulation/simulate.ts',
];

// Two processes are started for each: seconds on a machine that is busy.
test.each(commands)('%s', { timeout: 60_000 }, (file) => {
  const run = (word: string) => spawnSync(process.execPath, [file, word], { encoding: 'utf8' });
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('npm ') });
  const wrong = run('--nonsense');
  expect(wrong).toMatchObject({ status: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/--nonsense[\s\S]*npm /);
});
