// npm run faults: breaks a part of the running system under load, and then proves from outside that no money was lost, counted
// twice or paid twice. What each fault does and does not prove is in its file under load/faults/.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { wordsOf } from '../scripts/words.ts';
import { cardData } from './faults/card-data.ts';
import { crashPoints } from './faults/crash-points.ts';
import { edgeFaults } from './faults/edge.ts';
import { killDatabase } from './faults/kill-database.ts';
import { killEdge } from './faults/kill-edge.ts';
import { releases } from './faults/releases.ts';
import { restoreCard } from './faults/restore-card.ts';
import { restoreDatabase } from './faults/restore-database.ts';
import { rotate } from './faults/rotate.ts';
import { started } from './started.ts';
import { wholeNumber } from './whole-number.ts';

/** Faults by the word that names them: a new one is a file and a row. */
const faults = {
  'kill-edge': { run: killEdge, does: 'kill -9 of workerd under load, and a restart on the same disk' },
  'kill-database': { run: killDatabase, does: 'SIGQUIT to Postgres under load, on a disk that is waited for' },
  edge: { run: edgeFaults, does: 'card objects that throw, are slow or stay away, and queues that refuse: E1 to E5' },
  'restore-card': { run: restoreCard, does: "cards' storage set back or lost under load, and rebuilt from the books" },
  'restore-database': {
    run: restoreDatabase,
    does: 'Postgres set back under load, and brought back by docs/recovery.md',
  },
  releases: {
    run: releases,
    does: 'the release before and this one, edge and origin, in turn on one disk and database, under load',
  },
  'crash-points': {
    run: crashPoints,
    does: 'a settlement engine that dies at its k-th effect, and another, and a third',
  },
  rotate: { run: rotate, does: 'every secret changed under load, by the steps of docs/operating.md' },
  'card-data': {
    run: cardData,
    does: 'marked card numbers through every channel; then a search of all that is kept or was sent on',
  },
} as const;
type Fault = keyof typeof faults;

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
all
  --json        one object on one line
  --help        this

The report goes to standard output, progress to standard error. Exits with 1 where anything was lost, was counted or paid
twice, or does not agree between those who keep books of it; with 2 where the test itself failed.`;

interface Words {
  readonly fault: Fault;
  readonly kills: number;
  readonly restores: number;
  readonly seed: number;
  readonly cards: number;
  readonly rate: number;
  readonly points: number;
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
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [fault, extra] = positionals;
  if (values.help || fault === undefined) return null;
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
  if (!isFault(fault)) throw new Error(`${fault} is no fault; there is ${Object.keys(faults).join(', ')}`);
  const number = (name: 'kills' | 'restores' | 'seed' | 'cards' | 'rate' | 'points') =>
    wholeNumber(`--${name}`, values[name]);
  const { json } = values;
  return {
    fault,
    json,
    kills: number('kills'),
    restores: number('restores'),
    seed: number('seed'),
    cards: number('cards'),
    rate: number('rate'),
    points: number('points'),
  };
}

function isFault(word: string): word is Fault {
  return Object.hasOwn(faults, word);
}

async function inject({ fault, json, ...options }: Words): Promise<void> {
  await using parts = started();
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  const report = await faults[fault].run(parts, { ...options, progress });
  process.stdout.write(`${JSON.stringify(report, null, json ? 0 : 2)}\n`);
  // Each fault has a sentence for whatever it counts as lost or doubled.
  if (report.findings.length > 0) process.exitCode = 1;
}

const words = wordsOf(readWords, help);
try {
  await inject(words);
} catch (error) {
  // Not 1, which says that money is missing: here nothing could be said.
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 2;
}
