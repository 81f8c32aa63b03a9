// What the service sends to the database, and which of it reads a large table from end to end. What the plan of a statement is, the database
// says itself, of the statement and the values that were sent.

import pg from 'pg';
import type { Sql } from '../db/client.ts';

/** A table as small as this is read as a whole faster than by an index. */
const smallRows = 10_000;

export interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** All statements of this process, of whichever pool, while the work runs. */
export async function sentDuring(work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [statement, values] = given as [string | { text: string; values?: unknown[] }, unknown];
    const { text, values: own } = typeof statement === 'string' ? { text: statement } : statement;
    sent.push({ text, values: own ?? (Array.isArray(values) ? values : []) });
    return (query as (...all: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  await work().finally(() => {
    pg.Client.prototype.query = query;
  });
  return sent;
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

/** `sizes`: rows of each table. What ends a transaction looks at no table, and is two statements in one. */
export async function wholeReads(owner: Sql, sent: readonly Sent[], sizes: ReadonlyMap<string, number>) {
  const found = new Set<string>();
  const looks = sent.filter(({ text }) => /^\s*(select|insert|update|delete|with)\b/i.test(text));
  for (const { text, values } of looks.filter(({ text }) => !text.endsWith('; commit'))) {
    const { rows } = await owner.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(`explain (format json) ${text}`, [
      ...values,
    ]);
    const [planned] = rows[0]?.['QUERY PLAN'] ?? [];
    if (planned !== undefined) for (const read of scans(planned.Plan, sizes)) found.add(`${read}: ${text}`);
  }
  return [...found];
}

function scans(plan: Plan, sizes: ReadonlyMap<string, number>): string[] {
  const table = plan['Relation Name'] ?? '';
  const here = plan['Node Type'] === 'Seq Scan' && (sizes.get(table) ?? 0) > smallRows;
  return [
    ...(here ? [`${table} where ${plan.Filter}`] : []),
    ...(plan.Plans ?? []).flatMap((part) => scans(part, sizes)),
  ];
}
