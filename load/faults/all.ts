// Every fault, one after the other, as the rows of one table: what was broken, by which seed, what it came to, and what is not as it must be.
// A fault that could not be carried out is a row with its error: the others are tried all the same.

import { started } from '../started.ts';
import { type FaultName, type FaultOptions, type FaultReport, faultNames, faults } from './table.ts';

export interface Row {
  readonly fault: FaultName;
  readonly seed: number;
  readonly seconds: number;
  readonly figure: string;
  readonly findings: readonly string[];
  /** Null: it was not run here (the figure says by what it is), or could not be. */
  readonly report: FaultReport | null;
}

export interface Table {
  readonly fault: 'all';
  readonly short: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly findings: readonly string[];
}

export async function runAll(options: FaultOptions, short: boolean): Promise<Table> {
  const startedMs = Date.now();
  const rows: Row[] = [];
  for (const name of faultNames) rows.push(await runOne(name, options, short));
  return {
    ...{ fault: 'all', short, seed: options.seed, seconds: (Date.now() - startedMs) / 1_000, rows },
    findings: rows.flatMap(({ fault, findings }) => findings.map((finding) => `${fault}: ${finding}`)),
  };
}

async function runOne(name: FaultName, options: FaultOptions, short: boolean): Promise<Row> {
  const { run, short: small } = faults[name];
  const row = { fault: name, seed: options.seed };
  if (short && typeof small === 'string')
    return { ...row, seconds: 0, figure: `by itself: ${small}`, findings: [], report: null };
  const sized = short && typeof small !== 'string' ? { ...options, ...small } : options;
  const startedMs = Date.now();
  const seconds = () => (Date.now() - startedMs) / 1_000;
  // What a fault has started ends with it: the next one has the machine for itself.
  await using parts = started();
  try {
    const { report, figure } = await run(parts, sized);
    const { findings } = report;
    return { ...row, seconds: seconds(), figure, findings, report };
  } catch (error) {
    const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...row, seconds: seconds(), figure: 'could not be carried out', findings: [says], report: null };
  }
}

/** The table as a page has it, for `docs/failure-modes.md` and for eyes. */
export function inWords({ rows, seconds, seed, findings }: Table): string {
  const lines = rows.map(
    (row) => `| ${row.fault} | ${row.figure} | ${row.findings.length} | ${Math.round(row.seconds)} s |`,
  );
  return [
    `seed ${seed}, ${Math.round(seconds)} s`,
    '',
    '| fault | what came of it | findings | took |',
    '|---|---|---|---|',
    ...lines,
    ...(findings.length === 0 ? [] : ['', ...findings]),
    '',
  ].join('\n');
}
