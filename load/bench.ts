// npm run bench: what a decision costs alone, what an authorization costs on raw workerd, and what the intake of its events
// costs in Postgres, these two beside a floor that writes the same rows and does nothing else; how fast the ledger books, and how
// long settlements take. See load/README.md.

import { parseArgs } from 'node:util';
import { wordsOf } from '../scripts/words.ts';
import { measureAuthorization } from './authorization-benchmark.ts';
import { measureCardData } from './card-data-benchmark.ts';
import { measureCardLoad } from './card-load.ts';
import { measureDecisions } from './decision.ts';
import { measureEdgeCost } from './edge-cost.ts';
import { measureFar } from './far-benchmark.ts';
import { measureFootprint } from './footprint-benchmark.ts';
import { measureIntake } from './intake.ts';
import { measureLedger } from './ledger-benchmark.ts';
import { measureNeighbours } from './neighbours-benchmark.ts';
import { measureRowLock } from './row-lock-benchmark.ts';
import { measureSettlement } from './settlement-benchmark.ts';
import { started } from './started.ts';
import { measureSystem } from './system-benchmark.ts';
import { wholeNumber } from './whole-number.ts';

const help = `npm run bench -- [options]

  --only NAME     card-data, decision, card-load, authorization, edge-cost, row-lock,
                  system, intake, far, footprint, ledger, settlement or neighbours (default: all, one after the other)
  --routes A,B    of neighbours these only, by their names in the API's document (createSettlement)
  --rounds N      rounds of authorization and of row-lock, ours and the other in turn; medians are reported (default 5)
  --seconds N     length of one such round (default 6), of a round of ledger (default 4), of the load of settlement (default 20),
                  of neighbours for each route beside a neighbour (default 8, in rounds of 2; a quarter of it alone)
  --first         neighbours and row-lock: before what else the machine does (Linux, root, chrt)
  --json          one object on one line
  --help          this

The report goes to standard output, progress to standard error. Exits with 1 where an error was counted.`;

const partNames = [
  'card-data',
  'decision',
  'card-load',
  'authorization',
  'edge-cost',
  'row-lock',
  'system',
  'intake',
  'far',
  'footprint',
  'ledger',
  'settlement',
  'neighbours',
] as const;
type Part = (typeof partNames)[number];

interface Words {
  readonly only: Part | null;
  readonly rounds: number;
  /** Null: each part's own. */
  readonly seconds: number | null;
  readonly routes: readonly string[];
  readonly first: boolean;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string' },
      routes: { type: 'string', default: '' },
      first: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const only = partNames.find((part) => part === values.only) ?? null;
  if (values.only !== undefined && only === null)
    throw new Error(`--only ${values.only} is none of ${partNames.join(', ')}`);
  return {
    only,
    rounds: wholeNumber('--rounds', values.rounds),
    seconds: values.seconds === undefined ? null : wholeNumber('--seconds', values.seconds),
    routes: values.routes.split(',').filter((name) => name !== ''),
    first: values.first,
    json: values.json,
  };
}

async function bench({ only, rounds, seconds, routes, first, json }: Words): Promise<void> {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  // One after the other: they would take the machine from each other.
  const wanted = (part: Part) => only === null || only === part;
  const cardData = wanted('card-data') ? measureCardData(progress) : {};
  const decision = wanted('decision') ? measureDecisions(progress) : {};
  const cardLoad = wanted('card-load') ? await measureCardLoad(progress) : {};
  const authorization = wanted('authorization')
    ? await measureAuthorization({ rounds, seconds: seconds ?? 6, progress })
    : {};
  const edgeCost = wanted('edge-cost') ? await measureEdgeCost({ rounds: Math.min(rounds, 2), progress }) : {};
  const rowLock = wanted('row-lock') ? await measureRowLock({ rounds, seconds: seconds ?? 6, first, progress }) : {};
  const system = wanted('system')
    ? await measureSystem({ rounds: Math.min(rounds, 3), seconds: seconds ?? 20, progress })
    : {};
  const intake = wanted('intake') ? { intake: await measureIntake(progress) } : {};
  const far = wanted('far') ? await measureFar(progress) : {};
  const footprint = wanted('footprint') ? await measureFootprint(progress) : {};
  const ledger = wanted('ledger') ? await measureLedger(progress, { seconds: seconds ?? 4 }) : {};
  const month = { seconds: seconds ?? 20, rate_per_min: 10_000, peak: 5 };
  const settlement = wanted('settlement') ? await measureSettlement(progress, month) : {};
  await using parts = started();
  const neighbours = wanted('neighbours')
    ? await measureNeighbours(parts, progress, { seconds: seconds ?? 8, only: routes, first })
    : {};
  const measured = {
    ...cardData,
    ...decision,
    ...cardLoad,
    ...authorization,
    ...edgeCost,
    ...rowLock,
    ...system,
    ...intake,
    ...far,
    ...footprint,
    ...ledger,
  };
  const report = { ...measured, ...settlement, ...neighbours };
  process.stdout.write(`${JSON.stringify(report, null, json ? 0 : 2)}\n`);
  const errors = Object.values(report).some((part) => 'errors' in part && part.errors > 0);
  if (errors) process.exitCode = 1;
}

await bench(wordsOf(readWords, help));
