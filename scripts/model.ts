// npm run model: every order in which the protocol of shared funds can go, at small bounds (docs/shared-funds.md).

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Broken, brokenProtocols, protocol } from '../core/testing/model/broken.ts';
import { laws } from '../core/testing/model/laws.ts';
import { walk } from '../core/testing/model/random-walk.ts';
import { noFaults, scenario, scenarioNames, scenarioSays } from '../core/testing/model/scenarios.ts';
import { type Searched, search } from '../core/testing/model/search.ts';
import type { Faults } from '../core/testing/model/world.ts';
import { wholeNumber } from '../load/whole-number.ts';
import { seededRandom } from './seeded-random.ts';
import { wordsOf } from './words.ts';

const lines = (of: Readonly<Record<string, string>>) =>
  Object.entries(of)
    .map(([name, says]) => `  ${name.padEnd(28)}${says}`)
    .join('\n');

const help = `npm run model -- [options]      every order of what accounts and cards tell each other, breadth first

  --scenario A,B    only these (default: all)
  --lose N          messages that are lost, in any one order (default 0)
  --repeat N        messages that come again, at any time (default 0)
  --crash N         crashes, before or after what was done is durable (default 0)
  --time-up N       bounds that pass before the answer has come (default 0)
  --each            each scenario without faults, and once with one fault of each kind (instead of the four above)
  --states N        at most, of each (default 200000); what was not walked to its end is said
  --random N        instead: one drawn way through each of N drawn trees (up to four levels, five cards), every other with faults
  --seed S          of the first of them (default: a random one, which is printed); each tree has the next
  --broken NAME     a protocol that is broken on purpose, in its own scenario: the shortest way to its violation
  --json            one object a line
  --help            this

Messages have no order, and any of them may be late by anything. Exits with 1 where a law was violated (with --broken: where none was).

Scenarios:
${lines(scenarioSays)}

Laws:
${lines(laws)}

Broken protocols:
${lines(Object.fromEntries(Object.entries(brokenProtocols).map(([name, { says, law }]) => [name, `${says} (${law})`])))}`;

interface Words {
  readonly names: readonly string[];
  readonly faults: readonly Faults[];
  readonly statesMax: number;
  readonly broken: string | undefined;
  /** How many trees are drawn; null: every order of the scenarios. */
  readonly trees: number | null;
  readonly seed: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const count = { type: 'string', default: '0' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ scenario: { type: 'string' }, lose: count, repeat: count, crash: count, 'time-up': count },
      ...{ states: { type: 'string', default: '200000' }, broken: { type: 'string' } },
      ...{ random: { type: 'string' }, seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` } },
      each: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const names = values.scenario?.split(',') ?? scenarioNames;
  for (const name of names) scenario(name);
  if (values.broken !== undefined && brokenProtocols[values.broken] === undefined)
    throw new Error(`--broken ${values.broken} is none of: ${Object.keys(brokenProtocols).join(', ')}`);
  const number = (option: string, text: string) => (text === '0' ? 0 : wholeNumber(option, text));
  const given: Faults = {
    lose: number('--lose', values.lose),
    repeat: number('--repeat', values.repeat),
    crash: number('--crash', values.crash),
    time_up: number('--time-up', values['time-up']),
  };
  const single = (Object.keys(noFaults) as (keyof Faults)[]).map((kind) => ({ ...noFaults, [kind]: 1 }));
  const faults = values.each ? [noFaults, ...single] : [given];
  const trees = values.random === undefined ? null : wholeNumber('--random', values.random);
  const { broken, json } = values;
  const seed = wholeNumber('--seed', values.seed);
  return { names, faults, statesMax: wholeNumber('--states', values.states), broken, trees, seed, json };
}

function tell(name: string, faults: Faults, { violation, ...figures }: Searched, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ scenario: name, faults, ...figures, violation })}\n`);
    return;
  }
  const met = Object.entries(faults).flatMap(([kind, times]) => (times === 0 ? [] : [`${kind} ${times}`]));
  const answers = Object.entries(figures.answers).map(([outcome, times]) => `${outcome} ${times}`);
  const end = figures.complete ? 'all of them' : violation === null ? 'NOT all of them' : 'until the violation';
  process.stdout.write(
    `${name.padEnd(22)}${(met.join(', ') || 'no faults').padEnd(12)}${figures.states} states, ${end}; ${figures.steps} steps, ${figures.depth} deep; ${answers.join(', ')}\n`,
  );
  if (violation === null) return;
  const way = violation.way.map((step, index) => `  ${index + 1}. ${step}`).join('\n');
  process.stdout.write(`VIOLATION of ${violation.law}: ${violation.differs}\n${way}\n`);
}

function searchAll({ names, faults: all, statesMax, json }: Words): void {
  let states = 0;
  for (const faults of all)
    for (const name of names) {
      const searched = search(scenario(name, faults), protocol, statesMax);
      states += searched.states;
      tell(name, faults, searched, json);
      if (searched.violation !== null) process.exitCode = 1;
    }
  if (!json) process.stdout.write(`${states} states in all\n`);
}

function walkAll({ seed: first, json }: Words, trees: number): void {
  const sums: Record<string, number> = { decisions: 0, asks: 0, steps: 0, violations: 0 };
  const add = (name: string, more: number) => {
    sums[name] = (sums[name] ?? 0) + more;
  };
  for (let seed = first; seed < first + trees; seed++) {
    const { decisions, asks, steps, answers, violation } = walk(seededRandom(seed), protocol);
    for (const [name, more] of Object.entries({ decisions, asks, steps, ...answers })) add(name, more);
    if (violation === null) continue;
    add('violations', 1);
    process.exitCode = 1;
    process.stderr.write(
      `VIOLATION of ${violation.law} (seed ${seed}): ${violation.differs}\n${violation.way.map((step) => `  ${step}\n`).join('')}again: npm run model -- --random 1 --seed ${seed}\n`,
    );
  }
  const report = { trees, seed: first, ...sums };
  const rows = Object.entries(report).map(([name, value]) => `${name.padEnd(20)}${value}`);
  process.stdout.write(`${json ? JSON.stringify(report) : rows.join('\n')}\n`);
}

function showBroken({ protocol: one, scenario: name, faults, law }: Broken, { statesMax, json }: Words): void {
  const searched = search(scenario(name, faults), one, statesMax, law);
  tell(name, faults, searched, json);
  if (searched.violation === null) process.exitCode = 1;
}

const words = wordsOf(readWords, help);
const broken = words.broken === undefined ? undefined : brokenProtocols[words.broken];
if (broken !== undefined) showBroken(broken, words);
else if (words.trees !== null) walkAll(words, words.trees);
else searchAll(words);
