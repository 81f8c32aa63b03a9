// The steps of an online migration: each outside of a transaction, and done again from the first after whatever broke them off. A build
// of an index that was broken off leaves an index that is not valid: nobody uses it, everybody writes it. It is dropped and built again.

import type { Sql } from './client.ts';
import type { Migration } from './migration-file.ts';

/** `say`: a line of progress. The caller holds the migrations' lock, so that nobody else builds the same index. */
export async function runOnline(sql: Sql, { file, online }: Migration, say: (line: string) => void): Promise<void> {
  const steps = online ?? [];
  for (const [place, { statement, index }] of steps.entries()) {
    if (index !== null) await dropBrokenOff(sql, index, say);
    say(`${file}: step ${place + 1} of ${steps.length}: ${statement}`);
    await sql.query(statement);
  }
}

async function dropBrokenOff(sql: Sql, index: string, say: (line: string) => void): Promise<void> {
  const { rows } = await sql.query<{ name: string }>(
    `select quote_ident(c.relname) as name from pg_class c join pg_index i on i.indexrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relname = $1 and not i.indisvalid`,
    [index],
  );
  for (const { name } of rows) {
    say(`index ${index} was built by half: it is dropped and built again`);
    await sql.query(`drop index concurrently if exists public.${name}`);
  }
}
