// What the database says of the settlements of a run: while it runs, how far it is; afterwards, how long each took, where each
// ended, and whether ledger, audit trail and the providers' own books agree.

import { verifyAudit } from '../origin/audit/verify-audit.ts';
import { type Database, openDatabase, type Sql } from '../origin/db/client.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { providerTotals } from './provider-process.ts';
import type { SettlementsUnderLoad } from './settlements-under-load.ts';
import { rounded } from './statistics.ts';

export interface Standing {
  readonly created: number;
  readonly final: number;
  readonly backlog: number;
  /** How long the oldest that is not final has waited. */
  readonly oldest_ms: number;
}

export interface Took {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface SettlementEvidence {
  readonly states: Readonly<Record<string, number>>;
  readonly accepted_to_final: Took;
  readonly accepted_to_final_in_peak: Took;
  readonly paid_twice: number;
  /** What the ledger says was paid, and what the providers say, in minor units; null: they have paid others too. */
  readonly completed_minor: string;
  readonly providers_paid_minor: string | null;
  readonly ledger_differences: number;
  readonly audit_faults: number;
}

export function openEvidence(databaseUrl: string): Database {
  return openDatabase({ url: databaseUrl, poolMax: 2, onIdleError: () => {} });
}

/** Cheap however many there are: what is not final has an index of its own, and what was created has numbers without many gaps. */
export async function standingNow(sql: Sql, createdBefore: number): Promise<Standing> {
  const { rows } = await sql.query<{ newest: string; backlog: string; oldest_ms: string }>(
    `select (select coalesce(max(settlement_no), 0) from settlements) as newest, count(*) as backlog,
       coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0) as oldest_ms
     from settlements where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null`,
  );
  const created = Number(rows[0]?.newest) - createdBefore;
  const backlog = Number(rows[0]?.backlog);
  return { created, backlog, final: created - backlog, oldest_ms: Math.round(Number(rows[0]?.oldest_ms)) };
}

/** Returns how long it took; after `withinMs` some may still not be final. */
export async function untilFinal(sql: Sql, withinMs: number, progress: (line: string) => void): Promise<number> {
  const startMs = performance.now();
  for (let saidMs = startMs; ; ) {
    const { backlog, oldest_ms } = await standingNow(sql, 0);
    const nowMs = performance.now();
    if (backlog === 0 || nowMs - startMs > withinMs) return Math.round(nowMs - startMs);
    if (nowMs - saidMs > 2_000) {
      saidMs = nowMs;
      progress(`${backlog} are not final yet, the oldest for ${rounded(oldest_ms / 1_000, 1)} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function gatherEvidence(
  { databaseUrl, merchants, providerAdminUrls }: SettlementsUnderLoad,
  { own }: { readonly own: boolean },
): Promise<SettlementEvidence> {
  const database = openEvidence(databaseUrl);
  const owner = await connectOwner(databaseUrl);
  try {
    const ids = merchants.map(({ merchant_id }) => merchant_id);
    const { rows } = await database.sql.query<{ state: string; settlements: string; minor: string }>(
      `select state, count(*) as settlements, sum(amount_minor) as minor from settlements
       where merchant_id = any($1::text[]) group by state`,
      [ids],
    );
    const totals = await Promise.all(providerAdminUrls.map(providerTotals));
    const paid = totals.reduce((sum, { paid_minor }) => sum + BigInt(paid_minor['USD'] ?? 0), 0n);
    return {
      states: Object.fromEntries(rows.map(({ state, settlements }) => [state, Number(settlements)])),
      accepted_to_final: await took(database.sql, ids, 0, 1),
      accepted_to_final_in_peak: await took(database.sql, ids, 0.45, 0.55),
      paid_twice: totals.reduce((sum, { paid_twice }) => sum + paid_twice.length, 0),
      completed_minor: rows.find(({ state }) => state === 'completed')?.minor ?? '0',
      providers_paid_minor: own ? String(paid) : null,
      ledger_differences: (await verifyLedger(database.sql)).differences.length,
      audit_faults: (await verifyAudit(owner)).faults.length,
    };
  } finally {
    await owner.end();
    await database.close();
  }
}

/** Of those asked for within a part of the run's time. */
async function took(sql: Sql, merchantIds: readonly string[], from: number, to: number): Promise<Took> {
  const { rows } = await sql.query<{ p50: string; p99: string; max: string }>(
    `with ours as (
       select created_at, extract(epoch from final_at - created_at) * 1000 as ms from settlements
       where merchant_id = any($1::text[]) and final_at is not null
     ), run as (select min(created_at) as start, max(created_at) - min(created_at) as length from ours)
     select percentile_disc(0.5) within group (order by ms) as p50, percentile_disc(0.99) within group (order by ms) as p99,
       max(ms) as max
     from ours, run where created_at between start + length * $2::float8 and start + length * $3::float8`,
    [merchantIds, from, to],
  );
  const ms = (text: string | undefined) => rounded(Number(text ?? Number.NaN), 0);
  return { p50_ms: ms(rows[0]?.p50), p99_ms: ms(rows[0]?.p99), max_ms: ms(rows[0]?.max) };
}
