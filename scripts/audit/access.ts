// npm run audit -- access: who read what, and who was refused, by the day. Of a day that is over it also tells whether its rows are still
// those that were sealed in the audit trail.

import { type AccessCountRow, digestOfDay, sealAction, sealText } from '../../origin/access/write-access.ts';
import type { Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';

export interface AccessWords {
  /** UTC, as `2026-11-27`; null: the newest days. */
  readonly day: string | null;
  readonly key: string | null;
  readonly outcome: string | null;
}

const rowsMax = 200;
const daysMax = 7;

/** `open`: not over yet. `differs`: somebody has changed its rows. */
type Seal = 'open' | 'as sealed' | 'differs' | 'removed after its period';

export interface AccessReport {
  readonly clean: boolean;
  readonly days: readonly {
    readonly day: string;
    readonly rows: number;
    readonly calls: number;
    readonly seal: Seal;
  }[];
  /** Those with the most calls of each day, refusals first. */
  readonly access: readonly AccessCountRow[];
}

export async function readAccess(url: string, words: AccessWords): Promise<AccessReport> {
  const sql = await connectOwner(url);
  return await report(sql, words).finally(() => sql.end());
}

async function report(sql: Sql, { day, key, outcome }: AccessWords): Promise<AccessReport> {
  const { rows: found } = await sql.query<{ day: string }>(
    `select day::text from (
       select distinct day from access_counts union
       select substr(subject, 8)::date from audit_trail where action = $2
     ) as known where $1::date is null or day = $1 order by day desc limit $3`,
    [day, sealAction, daysMax],
  );
  const days = [];
  for (const each of found) days.push(await lookAtDay(sql, each.day));
  const { rows: access } = await sql.query<AccessCountRow>(
    `select day::text, api_key_id, route, outcome, address_hash, calls::float8 as calls, first_at, last_at, last_request_id
     from access_counts where day = any ($1::date[]) and ($2::text is null or api_key_id = $2) and ($3::text is null or outcome = $3)
     order by day desc, outcome = 'read', calls desc limit $4`,
    [found.map((each) => each.day), key, outcome, rowsMax],
  );
  return { clean: days.every(({ seal }) => seal !== 'differs'), days, access };
}

async function lookAtDay(sql: Sql, day: string): Promise<AccessReport['days'][number]> {
  const { rows } = await sql.query<{ reason: string; is_over: boolean }>(
    `select reason, $2::date < (now() - interval '400 days')::date as is_over from audit_trail
     where subject = $1 and action = $3 order by audit_no, waiting_no limit 1`,
    [`access_${day}`, day, sealAction],
  );
  const is = await digestOfDay(sql, day);
  const [sealed] = rows;
  const { rows: count, calls } = is;
  if (sealed === undefined) return { day, rows: count, calls, seal: 'open' };
  if (sealed.reason === sealText(is)) return { day, rows: count, calls, seal: 'as sealed' };
  return { day, rows: count, calls, seal: sealed.is_over ? 'removed after its period' : 'differs' };
}

export function accessInWords({ days, access, clean }: AccessReport): string {
  const lines = days.flatMap(({ day, rows, calls, seal }) => [
    `${day}  ${calls} calls in ${rows} rows, ${seal === 'differs' ? 'WRONG: not those that were sealed' : seal}`,
    ...access
      .filter((row) => row.day === day)
      .map(({ api_key_id, route, outcome, address_hash, calls: times, last_at, last_request_id }) => {
        const who = api_key_id === '' ? '(no good key)' : api_key_id;
        return `  ${String(times).padStart(8)}  ${outcome}  ${route}  ${who}  from ${address_hash}  last ${last_at.toISOString()} ${last_request_id}`;
      }),
  ]);
  if (lines.length === 0) return 'nothing was read, and nobody refused';
  return [...lines, ...(clean ? [] : ['this is not what was written'])].join('\n');
}
