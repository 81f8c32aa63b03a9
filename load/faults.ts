// npm run faults: breaks a part of the running system under load, and then proves from outside that no money was lost, counted
// twice or paid twice. What each fault does and does not prove is in its file under load/faults/.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { wordsOf } from '../scripts/words.ts';
import { inWords, runAll, type Table } from './faults/all.ts';
import { type FaultName, type FaultOptions, type FaultReport, faults } from './faults/table.ts';
import { started } from './started.ts';
import { wholeNumber } from './whole-number.ts';

const help = `npm run faults -- <fault> [options]

${Object.entries(faults)
  .map(([name, { does }]) => `  ${name.padEnd(17)}${does}`)
  .join('\n')}

kill-edge, kill-database
  --kills N     how often (default 20)
  --seed N      the load and the moments of the kills (default: a random one, which is printed)
  --cards N     cards under load (default 100)
  --rate N      calls a second (default 300)
restore-card
  --restores N  how often a fifth of the cards is set back (default 5)
  --seed, --cards, --rate: as above
restore-database
  --seed, --cards, --rate: as above
releases
  --seed N      the load and the moments of the switches
crash-points
  --points N    how many, each with two deaths, six settlements and its own faults at the provider (default 100)
origin-gone, queue, poison, clocks, redis, overload
  --seconds N   how long what is broken stays so, or how long it takes in all
  --seed, --cards, --rate: as above
tampering
  --seed N      the rows
all             every one of them, as one table
  --short       small sizes, as CI runs it; what CI runs by itself is named and not run again
every one
  --json        one object on one line
  --help        this

The report goes to standard output, progress to standard error. Exits with 1 where anything was lost, was counted or paid
twice, or does not agree between those who keep books of it; with 2 where the test itself failed.`;

interface Words extends Omit<FaultOptions, 'progress'> {
  readonly fault: FaultName | 'all';
  readonly short: boolean;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kills: { type: 'string', default: '20' },
      restores: { type: 'string', default: '5' },
      seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` },
      cards: { type: 'string', default: '100' },
      rate: { type: 'string', default: '300' },
      points: { type: 'string', default: '100' },
      seconds: { type: 'string' },
      short: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [fault, extra] = positionals;
  if (values.help || fault === undefined) return null;
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
  if (fault !== 'all' && !isFault(fault))
    throw new Error(`${fault} is no fault; there is ${Object.keys(faults).join(', ')}, and all`);
  const number = (name: 'kills' | 'restores' | 'seed' | 'cards' | 'rate' | 'points') =>
    wholeNumber(`--${name}`, values[name]);
  const { json, short, seconds } = values;
  if (short && fault !== 'all') throw new Error('--short is for all');
  return {
    ...{ fault, json, short },
    seconds: seconds === undefined ? null : wholeNumber('--seconds', seconds),
    kills: number('kills'),
    restores: number('restores'),
    seed: number('seed'),
    cards: number('cards'),
    rate: number('rate'),
    points: number('points'),
  };
}

function isFault(word: string): word is FaultName {
  return Object.hasOwn(faults, word);
}

async function inject({ fault, json, short, ...sizes }: Words): Promise<void> {
  const options = { ...sizes, progress: (line: string) => void process.stderr.write(`${line}\n`) };
  const report = fault === 'all' ? await runAll(options, short) : await runAlone(fault, options);
  process.stdout.write(isTable(report) && !json ? inWords(report) : `${JSON.stringify(report, null, json ? 0 : 2)}\n`);
  // Each fault has a sentence for whatever it counts as lost or doubled.
  if (report.findings.length > 0) process.exitCode = 1;
}

function isTable(report: FaultReport | Table): report is Table {
  return report.fault === 'all';
}

async function runAlone(fault: FaultName, options: FaultOptions) {
  await using parts = started();
  return (await faults[fault].run(parts, options)).report;
}

const words = wordsOf(readWords, help);
try {
  await inject(words);
} catch (error) {
  // Not 1, which says that money is missing: here nothing could be said.
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 2;
}
