// `npm run check`: every check of the house, cheapest first, each with its time; stops at the first that fails.
// `npm run check -- lint tidy` runs only the steps named.

import { spawnSync } from 'node:child_process';
import { wranglerEnv } from './wrangler-env.ts';

const steps: readonly (readonly [name: string, command: string])[] = [
  ['typecheck', 'npm run --silent typecheck'],
  ['lint', 'npm run --silent lint'],
  ['dead-code', 'npm run --silent dead-code'],
  ['tidy', 'npm run --silent tidy'],
  ['bundle', 'npm run --silent bundle'],
  ['test', 'node scripts/test-all.ts'],
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !steps.some(([step]) => step === name));
if (unknown !== undefined) {
  console.error(`check: no step is called ${unknown}; the steps are ${steps.map(([name]) => name).join(', ')}`);
  process.exit(2);
}

const startedAtMs = performance.now();
for (const [name, command] of steps.filter(([step]) => wanted.length === 0 || wanted.includes(step))) {
  const stepAtMs = performance.now();
  console.log(`\n── ${name}`);
  const { status, signal } = spawnSync(command, {
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, ...wranglerEnv },
  });
  if (status !== 0) {
    console.error(`\ncheck: ${name} failed (${signal ?? `exit ${status}`}); run it alone with: npm run ${name}`);
    process.exit(1);
  }
  console.log(`── ${name}: ${seconds(stepAtMs)}`);
}
console.log(`\ncheck: all steps passed in ${seconds(startedAtMs)}`);

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
