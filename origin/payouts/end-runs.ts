// Ends scheduled runs: each run's settlement and its end are one commit. One that the database refuses is set aside by itself, in
// front of a person, and the others are paid.

import type { Logger } from 'pino';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import type { Database, Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { type Owed, owedTo } from '../merchants/owed.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import { type Payer, payableOf } from '../providers/payable.ts';
import { takeOrSetAside } from '../set-aside.ts';
import { noteSpan } from '../tracing/spans.ts';
import { type CreateOutcome, createSettlements } from './create.ts';

/** Runs in one commit. */
export const runsMax = 100;
/** Until one that was set aside is tried again. */
const postponedMinutes = 10;

export interface EndingRuns {
  readonly database: Database;
  /** Those that are configured, primary first. */
  readonly providers: readonly Payer[];
  readonly log: Logger;
}

interface Run {
  readonly run_id: string;
  readonly merchant_id: Id<'mrch'>;
}

/** Settles what is owed to some merchants with an open run, and closes these. Returns how many it looked at. */
export async function endRuns(parts: EndingRuns): Promise<number> {
  const { database, log } = parts;
  const { rows: due } = await database.sql.query<Run>(
    `select run_id, merchant_id from settlement_runs where state = 'open' and due_at <= now()
     order by due_at, created_at limit $1`,
    [runsMax],
  );
  await takeOrSetAside(due, {
    take: (runs) => database.transaction((sql) => endThese(sql, runs, parts)),
    setAside: async (run, error) => {
      log.error({ err: error, ...run }, 'a scheduled run cannot be made, and waits');
      await database.transaction((sql) => setAside(sql, run, error));
    },
  });
  return due.length;
}

async function endThese(sql: Sql, due: readonly Run[], { providers, log }: EndingRuns): Promise<void> {
  // `skip locked`: another process may be at some of them, or have ended them.
  const { rows: runs } = await sql.query<Run>(
    `select run_id, merchant_id from settlement_runs where run_id = any($1::text[]) and state = 'open'
     order by created_at for update skip locked`,
    [due.map(({ run_id }) => run_id)],
  );
  if (runs.length === 0) return;
  const merchantIds = runs.map(({ merchant_id }) => merchant_id);
  const owed = await owedTo(sql, merchantIds);
  const asked = await askedFor(sql, merchantIds);
  const wanted = runs.flatMap((run) => {
    const account = owed.get(run.merchant_id);
    const amount_minor = account === undefined ? 0 : amountOf(account, asked.get(run.merchant_id) ?? 0n, providers);
    return account === undefined || amount_minor === 0 ? [] : [{ ...run, amount_minor, currency: account.currency }];
  });
  const outcomes = await createSettlements(
    sql,
    wanted.map(({ run_id, merchant_id, amount_minor, currency }) => ({
      actor: 'engine',
      correlation_id: run_id,
      run_id,
      // Nobody asked for it: its trace begins here.
      trace_parent: noteSpan('settlement run', { parent: null }),
      settlement: { merchant_id, amount_minor, currency, reference: '' },
    })),
    providers,
  );
  await close(
    sql,
    runs,
    new Map(wanted.map((want, index) => [want.run_id, { ...want, outcome: outcomes[index] }])),
    log,
  );
}

async function setAside(sql: Sql, { run_id, merchant_id }: Run, error: unknown): Promise<void> {
  await sql.query(`update settlement_runs set due_at = now() + $2 * interval '1 minute' where run_id = $1`, [
    run_id,
    postponedMinutes,
  ]);
  await raiseOpenItems(sql, [
    {
      kind: 'run_set_aside',
      key: run_id,
      summary: `A scheduled run of ${merchant_id} cannot be made: what it is owed stays owed, and it is tried again.`,
      merchant_id,
      evidence: { run_id, error: String(error) },
    },
  ]);
}

/** Example: 1500.50 HUF are owed, and its provider pays whole forints: 1500.00 are settled, and 0.50 stay owed. */
function amountOf(owed: Owed, asked: bigint, providers: readonly Payer[]): number {
  const rest = owed.payable_minor - asked;
  if (rest <= 0n) return 0;
  // What is beyond one settlement's bound is the next run's.
  const amount_minor = rest < BigInt(limits.amountMinorMax) ? rest : BigInt(limits.amountMinorMax);
  const payable = payableOf(providers, { ...owed, amount_minor });
  return Number(payable === null ? amount_minor : payable.amount_minor);
}

/** What settlements want that have not reserved yet. */
async function askedFor(sql: Sql, merchantIds: readonly string[]): Promise<Map<string, bigint>> {
  const { rows } = await sql.query<{ merchant_id: string; asked_minor: string }>(
    `select merchant_id, sum(amount_minor) as asked_minor from settlements
     where merchant_id = any($1::text[]) and step = 'reserve' and state in ('queued', 'processing', 'retry_pending')
     group by merchant_id`,
    [merchantIds],
  );
  return new Map(rows.map(({ merchant_id, asked_minor }) => [merchant_id, BigInt(asked_minor)]));
}

interface Settled {
  readonly amount_minor: number;
  readonly outcome: CreateOutcome | undefined;
}

async function close(
  sql: Sql,
  runs: readonly Run[],
  settled: ReadonlyMap<string, Settled>,
  log: Logger,
): Promise<void> {
  const settlementOf = ({ run_id, merchant_id }: Run) => {
    const outcome = settled.get(run_id)?.outcome;
    if (outcome !== undefined && 'created' in outcome) return outcome.created;
    if (outcome !== undefined)
      log.warn({ run_id, merchant_id, refused: outcome.refused }, 'a scheduled run settled nothing');
    return null;
  };
  await sql.query(
    `update settlement_runs r set state = 'done', done_at = now(), settlement_id = c.settlement_id, accrued_minor = c.amount_minor
     from unnest($1::text[], $2::text[], $3::bigint[]) as c (run_id, settlement_id, amount_minor) where r.run_id = c.run_id`,
    [
      runs.map(({ run_id }) => run_id),
      runs.map(settlementOf),
      numberColumn(runs.map(({ run_id }) => settled.get(run_id)?.amount_minor ?? 0)),
    ],
  );
}
