// npm run mutants: small changes of the code, one at a time, each of which some test should notice. Not Stryker: its sandbox needs
// the compiler's API, which TypeScript 7 does not have, and its runner cannot run tests inside workerd.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/whole-number.ts';
import { type Mutant, mutantsOf } from './mutants/mutants-of.ts';
import { type Found, figuresOf, isSurvivor, Outcomes, reasonOf, reasonsOfNone } from './mutants/outcomes.ts';
import { type House, type Trying, tryAll } from './mutants/try-all.ts';
import { seededRandom } from './seeded-random.ts';
import { wordsOf } from './words.ts';

const root = join(import.meta.dirname, '..');
const rooms = ['core', 'durable-objects'] as const;
const kept = join(root, 'dist/mutants.jsonl');

const help = `npm run mutants -- [options]      small changes of core and durable-objects, each of which a test should notice

  --file PREFIX   only files whose path begins so; may be given several times (default: ${rooms.join(' and ')})
  --tests PREFIX  only tests whose path begins so, in a few seconds; may be given several times. What survives them is not kept
  --draws N       how many cases a property test draws at most (default: 25 in core, 5 in workerd)
  --sample N      only N of the mutants, drawn by the seed (default: all)
  --seed S        which of them (default: 1)
  --before CMD    a command that runs before each round of tests, which waits for its end: to leave a busy machine alone
  --fresh         forgets what earlier runs found (dist/mutants.jsonl); without it, a run that was stopped goes on, and what
                  survived is tried again if any test of its room has changed
  --known         tries nothing: says what earlier runs have found so far; what they have not is a survivor
  --json          one object on one line
  --help          this

A mutant is killed (a test fails), endless (the tests do not end), survived (unreached: no test comes by it), or refused by
the compiler, and then does not count. Tests that fail without a mutant, or of which none runs, end the run with an error.`;

function readWords(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      file: { type: 'string', multiple: true },
      tests: { type: 'string', multiple: true },
      draws: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      before: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      known: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const sample = values.sample === undefined ? null : wholeNumber('--sample', values.sample);
  const seed = wholeNumber('--seed', values.seed);
  const draws = values.draws === undefined ? null : wholeNumber('--draws', values.draws);
  const { file, tests, before, fresh, known, json } = values;
  return { files: file ?? [''], tests: tests ?? null, draws, sample, seed, before, fresh, known, json };
}

/** What tests hand to each other is no code that they test. */
function isForTests(path: string): boolean {
  return /\.test\.ts$|(?:^|\/)(?:samples?[.-]|memory-card|dates-by-intl)/.test(path);
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  return list
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** A short run of the simulation: the surest test of whatever it simulates. */
const simulation = [
  ...[process.execPath, 'tests/simulation/simulate.ts', '--seed', '7', '--decisions', '1500', '--threads', '1'],
];
/** Of the worker's tests, those that are about cards and stand-ins. */
const workersOwn = /^worker\/(?:card-|stand-in|read-stand-in|unknown-cards|internal)[a-z-]*\.test\.ts$/;

/** `only`: what the paths of the tests begin with; the simulation is left out then. */
function houseOf(files: readonly string[], only: readonly string[] | null, draws: number | null): House {
  const isMeant = (path: string) => only === null || only.some((prefix) => path.startsWith(prefix));
  const tests = files.filter((path) => path.endsWith('.test.ts') && isMeant(path));
  const command = only === null ? simulation : null;
  const ofCards = tests.filter((path) => path.startsWith('durable-objects/') || workersOwn.test(path));
  return {
    root,
    files,
    projectOf: (path) => (path.startsWith('core/') ? 'core' : 'worker'),
    rooms: {
      'core/': {
        project: 'unit',
        tests: tests.filter((path) => path.startsWith('core/')),
        ...{ drawsMax: draws ?? 25, askedMaxOfShort: 500_000 },
        ...{ command, commandBefore: 'long tests' },
      },
      'durable-objects/': {
        project: 'edge',
        tests: ofCards,
        ...{ drawsMax: draws ?? 5, askedMaxOfShort: 50_000 },
        ...{ command, commandBefore: 'fresh starts' },
      },
    },
  };
}

function describe({ mutant, outcome, killedBy }: Found): string {
  const { path, line, code, change } = mutant;
  return `${outcome.padEnd(9)}${path}:${line} ${change}${killedBy === null ? `\n           ${code}` : ` (${killedBy})`}`;
}

const words = wordsOf(readWords, help);
if (words.fresh) rmSync(kept, { force: true });
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
const files = listed.split('\n').filter((path) => path !== '');
const mutable = files.filter(
  (path) => path.endsWith('.ts') && rooms.some((room) => path.startsWith(`${room}/`)) && !isForTests(path),
);
const all: Mutant[] = mutable
  .filter((path) => words.files.some((prefix) => path.startsWith(prefix)))
  .flatMap((path) => mutantsOf(path, readFileSync(join(root, path), 'utf8')));
const chosen = words.sample === null ? all : shuffled(all, words.seed).slice(0, words.sample);
const startedMs = performance.now();
const stamp = () => `${String(Math.round((performance.now() - startedMs) / 1_000)).padStart(5)} s`;
const house = houseOf(files, words.tests, words.draws);
const testsOf = new Map(
  Object.entries(house.rooms).map(([prefix, room]) => {
    const texts = room.tests.map((path) => readFileSync(join(root, path), 'utf8'));
    return [prefix, `${room.drawsMax} ${texts.join('')}`];
  }),
);
const outcomes = new Outcomes(kept, (path) =>
  words.tests === null ? ([...testsOf].find(([prefix]) => path.startsWith(prefix))?.[1] ?? null) : null,
);
/** As far as earlier runs have found it out. */
function knownOf(mutant: Mutant): Found {
  const known = outcomes.of(mutant, readFileSync(join(root, mutant.path), 'utf8'));
  return known ?? { mutant, outcome: 'untried', killedBy: null };
}
const trying = {
  outcomes,
  before: () => {
    if (words.before !== undefined) execFileSync('sh', ['-c', words.before], { stdio: 'ignore' });
  },
  onFound: (one, left) => process.stderr.write(`${stamp()} ${String(left).padStart(5)} left  ${describe(one)}\n`),
  onFile: (path, ofFile) => {
    const { mutants, killed, endless, killed_percent } = figuresOf(ofFile);
    process.stderr.write(`${stamp()} ${path}: ${killed + endless} of ${mutants} killed, ${killed_percent} %\n`);
  },
  onProgress: (text) => process.stderr.write(`${stamp()} ${text}\n`),
} satisfies Trying;
const found = words.known ? chosen.map(knownOf) : await tryAll(house, chosen, trying);
const byFile = Map.groupBy(found, ({ mutant }) => mutant.path);
const ofRoom = (room: string) => figuresOf(found.filter(({ mutant }) => mutant.path.startsWith(`${room}/`)));
const report = {
  all_mutants: all.length,
  sample: words.sample,
  seed: words.seed,
  took_s: Math.round((performance.now() - startedMs) / 1_000),
  files: Object.fromEntries([...byFile].sort().map(([path, ofFile]) => [path, figuresOf(ofFile)])),
  ...Object.fromEntries(rooms.map((room) => [room, ofRoom(room)])),
  together: figuresOf(found),
  reasons_of_no_mutant: reasonsOfNone(all),
};
const survivors = found.filter(({ mutant, outcome }) => isSurvivor(outcome) && reasonOf(mutant) === null);
if (!words.json) process.stdout.write(`${survivors.map(describe).join('\n')}\n`);
process.stdout.write(`${JSON.stringify(report, null, words.json ? undefined : 2)}\n`);
