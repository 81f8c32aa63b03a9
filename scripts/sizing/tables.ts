// The tables of docs/sizing.md, as Markdown, and as text for a terminal. `npm run sizing -- --write` writes them into the page, and a
// test says when they are out of date.

import { assumed } from './assumed.ts';
import { boundsMet, figure } from './bounds-met.ts';
import { type Price, type PriceName, prices } from './prices.ts';
import { billOf, type Program, sumOf } from './work-out.ts';

const names: Readonly<Record<PriceName, string>> = {
  workers_plan: 'Workers Paid',
  worker_requests: 'Worker: requests',
  worker_cpu: 'Worker: CPU',
  object_requests: 'objects: requests, alarms',
  object_duration: 'objects: duration',
  rows_written: 'objects: rows written',
  rows_read: 'objects: rows read',
  object_storage: 'objects: storage',
  queue_operations: 'queue: operations',
  database_compute: 'database: compute',
  database_storage: 'database: storage',
  database_history: 'database: history to restore from',
  redis_commands: 'Redis: commands',
};

/** What is paid whether cards are used or not, or for something else than authorizations. */
const fixed: readonly PriceName[] = ['workers_plan', 'database_compute', 'redis_commands'];

const sizes = [10_000, 1_000_000, 100_000_000] as const;

export function programOf(cards: number, changes: Partial<Program> = {}): Program {
  return { ...assumed, cards, authorizations_a_day: cards * assumed.authorizations_a_card_and_day, ...changes };
}

/** The bills of the page are of the twelfth month. */
export const monthShown = 12;

const dollars = (usd: number) =>
  usd === 0 ? '0' : usd < 100 ? usd.toFixed(2) : new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(usd);

/** Of a month in which there are a million authorizations, each with its clearing, and no card that rests. */
function perMillion(): string[][] {
  const program = programOf(0, { authorizations_a_day: 1_000_000 / 30 });
  // The database's storage is paid again in each month that the events are kept: here, one whole month of it.
  const lines = billOf(program, { month: 1.5, withIncluded: false }).filter(({ name }) => !fixed.includes(name));
  const rows = lines.map(({ name, quantity, usd }) => {
    const { unit, usd: price, source }: Price = prices[name];
    return [names[name], `${figure(quantity)} ${unit}`, `${price}`, dollars(usd), `[page](${source})`];
  });
  return [['what', 'used', 'USD a unit', 'USD', 'price'], ...rows, ['sum', '', '', dollars(sumOf(lines)), '']];
}

export function bills(programs: readonly Program[], month: number): string[][] {
  const columns = programs.map((program) => billOf(program, { month, withIncluded: true }));
  const rows = (Object.keys(prices) as PriceName[]).map((name) => [
    names[name],
    ...columns.map((lines) => dollars(lines.find((line) => line.name === name)?.usd ?? 0)),
  ]);
  const authorizations = programs.map(({ authorizations_a_day }) => authorizations_a_day * 30);
  return [
    ['USD a month', ...programs.map(({ cards }) => `${figure(cards)} cards`)],
    ...rows,
    ['sum', ...columns.map((lines) => dollars(sumOf(lines)))],
    [
      'a million authorizations',
      ...columns.map((lines, at) => dollars((sumOf(lines) * 1e6) / (authorizations[at] ?? 0))),
    ],
  ];
}

export function boundsTable(programs: readonly Program[]): string[][] {
  const columns = programs.map(boundsMet);
  return [
    ['bound', ...programs.map(({ cards }) => `${figure(cards)} cards`)],
    ...(columns[0] ?? []).map(({ bound }, row) => [
      bound,
      ...columns.map((met) => `${met[row]?.isMet ? '**met**: ' : ''}${met[row]?.needs}`),
    ]),
  ];
}

function markdown(table: readonly (readonly string[])[]): string {
  const [head = [], ...rows] = table;
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** For a terminal: columns of equal width, figures to the right. */
export function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return table.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** The page with its tables written anew; everything else stays as it is. */
export function withTables(page: string): string {
  const programs = sizes.map((cards) => programOf(cards));
  const tables = { million: perMillion(), bills: bills(programs, monthShown), bounds: boundsTable(programs) };
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`the page has no place for its table ${name}`);
    return `${text.slice(0, from)}${begin}\n${markdown(table)}\n${text.slice(to)}`;
  }, page);
}
