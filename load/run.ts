// npm run load: a k6 script against a running part, its thresholds as the verdict. What the figures mean is in load/README.md.

import { alertsLoad } from './alerts-run.ts';
import { authorizeLoad } from './authorize-run.ts';
import type { LoadScript } from './load-script.ts';
import { objectivesLoad } from './objectives-run.ts';
import { settlementLoad } from './settlement-run.ts';

/** By the word that names it: a new one is a file and a row. */
const scripts = new Map<string, LoadScript>([
  ['authorize', authorizeLoad],
  ['settlement', settlementLoad],
  ['alerts', alertsLoad],
  ['objectives', objectivesLoad],
]);

const help = `npm run load -- <script> [options]

${[...scripts].map(([name, { does }]) => `  ${name.padEnd(16)}${does}`).join('\n')}

  --help          the script's options

Exits with 1 where a threshold was crossed.`;

try {
  const [word = '--help', ...rest] = process.argv.slice(2);
  const script = scripts.get(word);
  if (word === '--help') process.stdout.write(`${help}\n`);
  else if (script === undefined) throw new Error(`${word} is no script; there is ${[...scripts.keys()].join(', ')}`);
  else if (!(await script.run(rest))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.message : error}\nnpm run load -- --help says how it is used.\n`,
  );
  process.exitCode = 2;
}
