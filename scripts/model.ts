// npm run model: every order in which the protocol of shared funds can go, at small bounds (docs/shared-funds.md).

import { parseArgs } from 'node:util';
import { brokenProtocols, protocol } from '../core/testing/model/broken.ts';
import { laws } from '../core/testing/model/laws.ts';
import { noFaults, scenario, scenarioNames, scenarioSays } from '../core/testing/model/scenarios.ts';
import { type Searched, search } from '../core/testing/model/search.ts';
import type { Faults } from '../core/testing/model/world.ts';
import { wholeNumber } from '../load/whole-number.ts';
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
  return { names, faults, statesMax: wholeNumber('--states', values.states), broken: values.broken, json: values.json };
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

const words = wordsOf(readWords, help);
const broken = words.broken === undefined ? undefined : brokenProtocols[words.broken];
if (broken === undefined) {
  let states = 0;
  for (const faults of words.faults)
    for (const name of words.names) {
      const searched = search(scenario(name, faults), protocol, words.statesMax);
      states += searched.states;
      tell(name, faults, searched, words.json);
      if (searched.violation !== null) process.exitCode = 1;
    }
  if (!words.json) process.stdout.write(`${states} states in all\n`);
} else {
  const searched = search(scenario(broken.scenario, broken.faults), broken.protocol, words.statesMax, broken.law);
  tell(broken.scenario, broken.faults, searched, words.json);
  if (searched.violation === null) process.exitCode = 1;
}
