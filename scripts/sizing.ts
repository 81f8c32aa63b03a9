// npm run sizing: what a program of cards costs a month at list prices, and which bounds it meets. The sums of docs/sizing.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { assumed } from './sizing/assumed.ts';
import { boundsMet } from './sizing/bounds-met.ts';
import { aligned, bills, boundsTable, monthShown, programOf, withTables } from './sizing/tables.ts';
import { billOf, type Program, ratesOf, sumOf } from './sizing/work-out.ts';
import { wordsOf } from './words.ts';

const help = `npm run sizing -- --cards N [options]

  --cards N                  cards of the program
  --authorizations-a-day N   all cards together (default: ${assumed.authorizations_a_card_and_day} a card)
  --facts N                  clearings, reversals and refunds for each authorization (default ${assumed.facts_an_authorization})
  --peak N                   the busiest hour's rate, over the day's mean (default ${assumed.peak_factor})
  --origins N                processes of the origin (default ${assumed.origins})
  --restore-days N           how far back the database can be restored (default ${assumed.restore_days})
  --api-calls-a-day N        calls of partners to the API (default ${assumed.api_calls_a_day})
  --month N                  of the program's life: the database grows (default ${monthShown})
  --json                     one object on one line
  --write                    writes the tables of docs/sizing.md anew, and nothing else
  --help                     this

Prices, with their pages: scripts/sizing/prices.ts. What was measured: measured.ts. What is assumed: assumed.ts.`;

interface Words {
  readonly program: Program | 'the page';
  readonly month: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ cards: text, 'authorizations-a-day': text, facts: text, peak: text, origins: text },
      ...{ 'restore-days': text, 'api-calls-a-day': text, month: text },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.write) return { program: 'the page', month: monthShown, json: false };
  const number = (name: keyof typeof values, otherwise: number, least: number): number => {
    const given = values[name];
    const value = given === undefined ? otherwise : Number(given);
    if (!Number.isFinite(value) || value < least)
      throw new Error(`--${name} ${given} is no number of ${least} or more`);
    return value;
  };
  if (values.cards === undefined) throw new Error('--cards is missing');
  const cards = number('cards', 0, 1);
  const { authorizations_a_day } = programOf(cards);
  const program = programOf(cards, {
    authorizations_a_day: number('authorizations-a-day', authorizations_a_day, 1),
    facts_an_authorization: number('facts', assumed.facts_an_authorization, 0),
    peak_factor: number('peak', assumed.peak_factor, 1),
    origins: number('origins', assumed.origins, 1),
    restore_days: number('restore-days', assumed.restore_days, 0),
    api_calls_a_day: number('api-calls-a-day', assumed.api_calls_a_day, 0),
  });
  return { program, month: number('month', monthShown, 1), json: values.json };
}

const { program, month, json } = wordsOf(readWords, help);
if (program === 'the page') {
  const page = new URL('../docs/sizing.md', import.meta.url);
  writeFileSync(page, withTables(readFileSync(page, 'utf8')));
} else if (json) {
  const lines = billOf(program, { month, withIncluded: true });
  const report = {
    program,
    month,
    usd_a_month: sumOf(lines),
    lines,
    rates: ratesOf(program),
    bounds: boundsMet(program),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  const bounds = boundsTable([program]).map((row) => row.join(': '));
  process.stdout.write(`${aligned(bills([program], month))}\n\n${bounds.slice(1).join('\n')}\n`);
}
