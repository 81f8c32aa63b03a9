// npm run mutants: small changes of the code, one at a time, each of which some test should notice. Not Stryker: its sandbox needs
// the compiler's API, which TypeScript 7 does not have, and its runner cannot run tests inside workerd.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/whole-number.ts';
import { type Mutant, mutantsOf } from './mutants/mutants-of.ts';
import { type Found, figuresOf, Outcomes, reasonOf } from './mutants/outcomes.ts';
import { importersOf, testsOf } from './mutants/related-tests.ts';
import { type House, tryAll } from './mutants/try-all.ts';
import type { Attempt } from './mutants/try-mutants.ts';
import { seededRandom } from './seeded-random.ts';
import { wordsOf } from './words.ts';

const root = join(import.meta.dirname, '..');
const rooms = ['core', 'durable-objects'] as const;
const kept = join(root, 'dist/mutants.jsonl');

const help = `npm run mutants -- [options]      small changes of core and durable-objects, each of which a test should notice

  --file PREFIX   only files whose path begins so (default: ${rooms.join(' and ')})
  --sample N      only N of the mutants, drawn by the seed (default: all)
  --seed S        which of them (default: 1)
  --processes P   at once (default: 2)
  --fresh         forgets what earlier runs found (dist/mutants.jsonl); needed where only tests have changed
  --json          one object on one line
  --help          this

A mutant is killed (a test fails), endless (no test ends), survived, or refused by the compiler, and then does not count.`;

function readWords(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      file: { type: 'string', default: '' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      processes: { type: 'string', default: '2' },
      fresh: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const sample = values.sample === undefined ? null : wholeNumber('--sample', values.sample);
  const seed = wholeNumber('--seed', values.seed);
  const processes = wholeNumber('--processes', values.processes);
  return { file: values.file, sample, seed, processes, fresh: values.fresh, json: values.json };
}

/** What tests hand to each other is no code that they test. */
function isForTests(path: string): boolean {
  return /\.test\.ts$|(?:^|\/)(?:sample-|memory-card|dates-by-intl)/.test(path);
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  return list
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** A short run of the simulation: the surest test of whatever it simulates, and quicker than a test in workerd. */
const simulation: Attempt = {
  command: [process.execPath, 'tests/simulation/simulate.ts', '--seed', '7', '--decisions', '4000', '--threads', '1'],
};

function houseOf(files: readonly string[]): House {
  const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
  const code = files.filter(
    (path) => path.endsWith('.ts') && /^(?:contracts|core|durable-objects|tests|worker)\//.test(path),
  );
  const importers = importersOf(code, textOf);
  const attemptsOf = (path: string): Attempt[] => {
    const [room = ''] = path.split('/');
    const project = room === 'core' ? 'unit' : 'edge';
    const related = testsOf(path, importers);
    const isSimulated = related.includes('tests/simulation/simulation.test.ts');
    const inRoom = related.filter((test) => test.startsWith(`${room}/`));
    // Without a test in its own room: those of the worker that import it directly, as the stand-in's desk has them.
    const direct = related.filter((test) => test.startsWith('worker/') && importers.get(path)?.has(test) === true);
    const tests = inRoom.length > 0 ? inRoom : direct;
    const own = tests.filter((test) => test.startsWith(path.replace(/\.ts$/, '')));
    const others = tests.filter((test) => !own.includes(test));
    const groups = [own, others].filter(({ length }) => length > 0).map((group) => ({ project, tests: group }));
    if (!isSimulated) return groups;
    return room === 'core' ? [...groups.slice(0, 1), simulation, ...groups.slice(1)] : [simulation, ...groups];
  };
  return { root, files, projectOf: (path) => (path.startsWith('core/') ? 'core' : 'worker'), attemptsOf };
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
  .filter((path) => path.startsWith(words.file))
  .flatMap((path) => mutantsOf(path, readFileSync(join(root, path), 'utf8')));
const chosen = words.sample === null ? all : shuffled(all, words.seed).slice(0, words.sample);
const found = await tryAll(houseOf(files), chosen, {
  processes: words.processes,
  outcomes: new Outcomes(kept),
  onFound: (one, left) => process.stderr.write(`${String(left).padStart(5)} left  ${describe(one)}\n`),
});
const report = {
  all_mutants: all.length,
  sample: words.sample,
  seed: words.seed,
  ...Object.fromEntries(
    rooms.map((room) => [room, figuresOf(found.filter(({ mutant }) => mutant.path.startsWith(`${room}/`)))]),
  ),
  together: figuresOf(found),
};
const survivors = found.filter(({ mutant, outcome }) => outcome === 'survived' && reasonOf(mutant) === null);
if (!words.json) process.stdout.write(`${survivors.map(describe).join('\n')}\n`);
process.stdout.write(`${JSON.stringify(report, null, words.json ? undefined : 2)}\n`);
