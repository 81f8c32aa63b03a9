// specs/funds.qnt, run by Quint's own simulator: in TypeScript, so without Java and without anything fetched.

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';

const quint = createRequire(import.meta.url).resolve('@informalsystems/quint/dist/src/cli.js');
const given = process.env['SEED'];

function run(seed: number, samples: number, ...words: string[]): Promise<{ said: string; isOk: boolean }> {
  const settings = ['--backend', 'typescript', '--verbosity', '1', '--seed', `${seed}`, '--max-steps', '40'];
  const laws = ['--invariants', 'fundsConserved', 'neverOverspent'];
  const all = [quint, 'run', 'specs/funds.qnt', ...settings, '--max-samples', `${samples}`, ...laws, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ said: `${stdout}${stderr}`, isOk: error === null }),
    );
  });
}

describe('the Quint specification of shared funds', () => {
  test('keeps its invariants, in ways on which both cards spend, money comes back and is withdrawn', async () => {
    const { said, isOk } = await run(7, 150, '--witnesses', 'bothSpent', 'givenBack', 'isWithdrawn');
    expect(said).toContain('No violation found');
    expect(isOk).toBe(true);
    for (const witness of ['bothSpent', 'givenBack', 'isWithdrawn'])
      expect(said).toMatch(new RegExp(`${witness} was witnessed in [1-9]`));
  });

  test('and with a new seed', async () => {
    const seed = given === undefined ? randomInt(1, 2 ** 31) : Number(given);
    expect(await run(seed, 80), `SEED=${seed}`).toMatchObject({ isOk: true });
  });

  test.each(['stepUnasked', 'stepAdding'])('%s is broken on purpose, and found', async (step) => {
    const { said, isOk } = await run(7, 150, '--step', step);
    expect(said).toContain('[violation]');
    expect(isOk).toBe(false);
  });
});
