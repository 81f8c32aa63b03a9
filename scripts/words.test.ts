// Every command answers its help with 0, and words that it does not know with 2, what is wrong, and the help.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const commands = [
  'load/bench.ts',
  'load/faults.ts',
  'scripts/audit.ts',
  'scripts/dev.ts',
  'scripts/return-card.ts',
  'scripts/secrets.ts',
  'scripts/settle.ts',
  'scripts/stand-in.ts',
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

// CPU time, which no neighbour adds to. 0.1 to 0.2 s is what node, its reading of TypeScript and zod take; a driver and an SDK add a second.
test.each(['scripts/audit.ts', 'scripts/secrets.ts', 'scripts/stand-in.ts'])(
  '%s: its help costs no more than 0.3 s',
  { timeout: 60_000 },
  (file) => {
    const said =
      "process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write(String(user + system)); });";
    const times = Array.from({ length: 3 }, () => {
      const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${said}`, file, '--help'], {
        encoding: 'utf8',
      });
      expect(run.status).toBe(0);
      return Number(run.stderr);
    });
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(Math.min(...times)).toBeLessThanOrEqual(300_000);
  },
);
