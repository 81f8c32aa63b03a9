// npm run simulate: seeded traffic over many cards through the real core, beside a model written from the rules alone. In this
// room and not among the scripts, because nobody imports tests.

import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../../load/whole-number.ts';
import { wordsOf } from '../../scripts/words.ts';
import { laws } from './laws.ts';
import { coverageDecisionsMin, decisionsPerCard, figures, type ViolationReport } from './simulation.ts';
import { simulateOn, type ThreadOptions } from './threads.ts';

const help = `npm run simulate -- [options]      the card's rules beside a slow, obvious model, under crashes and disorder

  --seed S        which run (default: a random one, which is printed)
  --decisions N   requests to decide (default 100000)
  --cards C       cards they are spread over (default: one for every ${decisionsPerCard} decisions)
  --threads T     at once (default: as many as there are cores); the outcome is the same with any
  --card K        only this card of the run, from 0: to look at a violation
  --keep-going    count violations instead of ending with the first
  --json          one object on one line
  --help          this

Exits with 1 where a law was violated, or where a run of ${coverageDecisionsMin} decisions or more never met a reason, a kind of
control or window, or a turn of a life.

Laws:
${Object.entries(laws)
  .map(([name, says]) => `  ${name.padEnd(24)}${says}`)
  .join('\n')}`;

interface Words extends ThreadOptions {
  readonly threads: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: `${randomInt(1, 2 ** 31)}` },
      decisions: { type: 'string', default: '100000' },
      cards: { type: 'string' },
      threads: { type: 'string', default: `${availableParallelism()}` },
      card: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const decisions = wholeNumber('--decisions', values.decisions);
  const cards =
    values.cards === undefined ? Math.ceil(decisions / decisionsPerCard) : wholeNumber('--cards', values.cards);
  const onlyCard = values.card === undefined ? undefined : Number(values.card);
  if (onlyCard !== undefined && !(Number.isInteger(onlyCard) && onlyCard >= 0 && onlyCard < cards))
    throw new Error(`--card ${values.card} is not a card from 0 to ${cards - 1}`);
  const seed = wholeNumber('--seed', values.seed);
  const threads = Math.min(wholeNumber('--threads', values.threads), cards);
  return { seed, decisions, cards, onlyCard, keepGoing: values['keep-going'], threads, json: values.json };
}

function describeViolation({ law, card, step, differs, recent }: ViolationReport, words: Words): string {
  const again = `npm run simulate -- --seed ${words.seed} --decisions ${words.decisions} --cards ${words.cards} --card ${card}`;
  const events = recent.map((event) => `  ${JSON.stringify(event)}`).join('\n');
  return `VIOLATION of ${law} (seed ${words.seed}, card ${card}, step ${step})\n${differs}\nthe card's last events:\n${events}\nagain: ${again}\n`;
}

function table(report: ReturnType<typeof figures>): string {
  return Object.entries(report)
    .map(([name, value]) => {
      if (Array.isArray(value)) return `${name.padEnd(20)}${value.join(', ') || 'nothing'}`;
      if (typeof value !== 'object') return `${name.padEnd(20)}${value}`;
      const rows = Object.entries(value).map(([what, times]) => `  ${what.padEnd(32)}${times}`);
      return `${name}\n${rows.join('\n')}`;
    })
    .join('\n');
}

const words = wordsOf(readWords, help);
const result = await simulateOn(words.threads, words);
const report = figures(words, result);
for (const violation of result.violations.slice(0, 5)) process.stderr.write(describeViolation(violation, words));
process.stdout.write(`${words.json ? JSON.stringify(report) : table(report)}\n`);
const lacks = report.decisions >= coverageDecisionsMin && report.never_occurred.length > 0;
if (lacks)
  process.stderr.write(`never occurred in this run, so it proves nothing of: ${report.never_occurred.join(', ')}\n`);
if (report.violations > 0 || lacks) process.exitCode = 1;
