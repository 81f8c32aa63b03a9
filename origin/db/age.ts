// How long the oldest of something has waited, as every loop tells it, and when the next comes due.

import type { Sql } from './client.ts';

/** `oldest`: SQL for one instant; the age in milliseconds by the database's own clock, or null where there is none. */
export async function ageMs(sql: Sql, oldest: string): Promise<number | null> {
  const { rows } = await sql.query<{ ms: string | null }>(
    `select (extract(epoch from clock_timestamp() - (${oldest})) * 1000)::bigint as ms`,
  );
  const ms = rows[0]?.ms ?? null;
  return ms === null ? null : Number(ms);
}

/** `next`: SQL for one instant; in how many milliseconds that is, below 0 where it is past, or null where there is none. */
export async function dueInMs(sql: Sql, next: string): Promise<number | null> {
  const age = await ageMs(sql, next);
  return age === null ? null : -age;
}
