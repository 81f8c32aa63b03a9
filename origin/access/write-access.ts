// Counts of access into their table, with each address as its hash under the day's salt. Once a day is over its salt is removed, and
// nobody can tell any more which address a hash was; in the same commit the day's rows are sealed by their digest in the audit trail.

import { createHmac, randomBytes } from 'node:crypto';
import { recordAuditEvents } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import { type AccessCount, dayOf } from './access-counts.ts';

/** As they are read. */
export interface AccessCountRow {
  readonly day: string;
  readonly api_key_id: string;
  readonly route: string;
  readonly outcome: string;
  readonly address_hash: string;
  readonly calls: number;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly last_request_id: string;
}

/** Rows of one statement. */
const rowsPerWrite = 1_000;
/** After midnight UTC, before a day is sealed: processes write what they still have of it, and their clocks differ. */
const sealAfterMs = 10 * 60_000;

/** All, or none where it throws. */
export async function writeAccess(database: Database, counts: readonly AccessCount[], nowMs: number): Promise<void> {
  if (counts.length === 0) return;
  await database.transaction(async (sql) => {
    const today = dayOf(nowMs);
    const salts = await saltsOf(sql, new Set([today, ...counts.map(({ day }) => day)]), today);
    const rows = counts.map((count) => {
      // What is late for its day, which is sealed, counts in this one; its instants say when it was.
      const day = salts.has(count.day) ? count.day : today;
      return { ...count, day, address_hash: hashOf(count.network, salts.get(day)) };
    });
    // In one order everywhere, so that two processes never wait for each other.
    rows.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    for (let at = 0; at < rows.length; at += rowsPerWrite) await write(sql, rows.slice(at, at + rowsPerWrite));
  });
}

interface AccessRow extends AccessCount {
  readonly address_hash: string;
}

function nameOf({ day, api_key_id, route, outcome, address_hash }: AccessRow): string {
  return JSON.stringify([day, api_key_id, route, outcome, address_hash]);
}

/** `for share`: a day that is being written is not sealed meanwhile. Of another day than today none is made: it may be sealed. */
async function saltsOf(sql: Sql, days: ReadonlySet<string>, today: string): Promise<Map<string, Buffer>> {
  await sql.query('insert into address_salts (day, salt) values ($1, $2) on conflict (day) do nothing', [
    today,
    randomBytes(32),
  ]);
  const { rows } = await sql.query<{ day: string; salt: Buffer }>(
    'select day::text, salt from address_salts where day = any ($1::date[]) order by day for share',
    [[...days]],
  );
  return new Map(rows.map(({ day, salt }) => [day, salt]));
}

function hashOf(network: string | null, salt: Buffer | undefined): string {
  if (network === null) return 'others';
  if (salt === undefined) throw new Error('the day has no salt');
  return createHmac('sha256', salt).update(network).digest('hex').slice(0, 16);
}

async function write(sql: Sql, given: readonly AccessRow[]): Promise<void> {
  // Two counts can have come to one row, late for two days that are both sealed; a statement may touch a row only once.
  const rows = new Map<string, AccessRow>();
  for (const row of given) {
    const known = rows.get(nameOf(row));
    const calls = row.calls + (known?.calls ?? 0);
    const firstAtMs = Math.min(row.firstAtMs, known?.firstAtMs ?? row.firstAtMs);
    const newest = known !== undefined && known.lastAtMs > row.lastAtMs ? known : row;
    rows.set(nameOf(row), { ...newest, calls, firstAtMs });
  }
  const all = [...rows.values()];
  await sql.query({
    name: 'write_access_counts',
    // `on conflict`: another process, or an earlier round, has counted the same.
    text: `insert into access_counts as a (day, api_key_id, route, outcome, address_hash, calls, first_at, last_at, last_request_id)
           select day, api_key_id, route, outcome, address_hash, calls, to_timestamp(first_ms / 1000.0), to_timestamp(last_ms / 1000.0),
             last_request_id
           from unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
             $9::text[]) as c (day, api_key_id, route, outcome, address_hash, calls, first_ms, last_ms, last_request_id)
           on conflict (day, api_key_id, route, outcome, address_hash) do update set calls = a.calls + excluded.calls,
             last_at = greatest(a.last_at, excluded.last_at),
             last_request_id = case when excluded.last_at >= a.last_at then excluded.last_request_id else a.last_request_id end`,
    values: [
      all.map(({ day }) => day),
      all.map(({ api_key_id }) => api_key_id),
      all.map(({ route }) => route),
      all.map(({ outcome }) => outcome),
      all.map(({ address_hash }) => address_hash),
      all.map(({ calls }) => calls),
      all.map(({ firstAtMs }) => firstAtMs),
      all.map(({ lastAtMs }) => lastAtMs),
      all.map(({ lastRequestId }) => lastRequestId),
    ],
  });
}

export interface SealedDay {
  readonly rows: number;
  readonly calls: number;
  /** SHA-256 over the day's rows in their order, in hexadecimal. */
  readonly digest: string;
}

/** Of what stands there now. */
export async function digestOfDay(sql: Sql, day: string): Promise<SealedDay> {
  const { rows } = await sql.query<{ rows: number; calls: string; digest: string }>(
    `select count(*)::int as rows, coalesce(sum(calls), 0) as calls, encode(sha256(convert_to(coalesce(string_agg(
       jsonb_build_array(api_key_id, route, outcome, address_hash, calls, (extract(epoch from first_at) * 1000000)::bigint,
         (extract(epoch from last_at) * 1000000)::bigint, last_request_id)::text, e'\\n'
       order by api_key_id collate "C", route collate "C", outcome collate "C", address_hash collate "C"), ''), 'utf8')), 'hex') as digest
     from access_counts where day = $1`,
    [day],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no digest');
  return { ...row, calls: Number(row.calls) };
}

/** As it stands in the audit trail, and is compared. */
export function sealText({ rows, calls, digest }: SealedDay): string {
  return `${rows} rows, ${calls} calls, sha256 ${digest}`;
}

export const sealAction = 'access.day_sealed';

/** Ends the oldest day that is over: its salt goes, and its rows are sealed. Returns the day; null: none is over. */
export async function sealOldestDay(database: Database, nowMs: number): Promise<string | null> {
  return await database.transaction(async (sql) => {
    const today = dayOf(nowMs - sealAfterMs);
    const { rows } = await sql.query<{ day: string }>(
      `delete from address_salts where day = (select day from address_salts where day < $1 order by day limit 1 for update)
       returning day::text`,
      [today],
    );
    const day = rows[0]?.day;
    if (day === undefined) return null;
    const reason = sealText(await digestOfDay(sql, day));
    const by = { actor: 'access records', correlation_id: `day ${day}` };
    await recordAuditEvents(sql, [{ ...by, action: sealAction, subject: `access_${day}`, merchant_id: null, reason }]);
    return day;
  });
}
