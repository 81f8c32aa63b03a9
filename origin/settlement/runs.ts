// Scheduled settlement: each merchant with a schedule once a day, of all that is owed to it and not asked for yet. A run is a row
// before it is anything else; its settlement and its end are one commit, so that one which died is taken up where it stood.

import type { Logger } from 'pino';
import { type Id, newId } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import type { Database, Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { createLoop, type Loop } from '../loop.ts';
import { accrue } from './accrual.ts';
import { type CreateOutcome, createSettlements } from './create.ts';
import { dueRun } from './due-run.ts';
import { type Owed, owedTo } from './owed.ts';

const intervalMs = 5_000;
/** Runs in one commit. */
const runsMax = 100;
const merchantsMax = 1_000;

export interface ScheduleOptions {
  readonly database: Database;
  readonly log: Logger;
  /** For tests. */
  readonly now?: () => number;
}

/** Begins and ends the runs that are due. */
export function createSchedule({ database, log, now = Date.now }: ScheduleOptions): Loop {
  return createLoop({
    name: 'scheduled settlement',
    log,
    intervalMs,
    async round(signal, moved) {
      await openRuns(database.sql, now());
      try {
        // After the runs are opened: what has cleared until then is theirs.
        while (!signal.aborted && (await accrue(database))) moved();
      } catch (error) {
        // Accrual has its own loop, which shows that it stands still. What is owed already is paid all the same.
        log.error({ err: error }, 'accrual failed: the runs settle what is owed until now');
      }
      while (!signal.aborted && (await endRuns(database, log)) === runsMax) moved();
      return false;
    },
  });
}

interface Scheduled {
  readonly merchant_id: string;
  readonly time: string;
  readonly zone: string;
  readonly created_at: Date;
  readonly newest: string | null;
}

/** Makes the rows of what is due. Returns how many. */
export async function openRuns(sql: Sql, nowMs: number): Promise<number> {
  let opened = 0;
  for (let after = ''; ; ) {
    const { rows } = await sql.query<Scheduled>(
      `select m.merchant_id, m.schedule_time as time, m.schedule_zone as zone, m.created_at,
         (select max(local_date)::text from settlement_runs r where r.merchant_id = m.merchant_id) as newest
       from merchants m where m.schedule_time is not null and m.merchant_id > $1 order by m.merchant_id limit $2`,
      [after, merchantsMax],
    );
    const due = rows.flatMap(({ merchant_id, newest, created_at, ...schedule }) => {
      const date = dueRun(schedule, created_at.getTime(), nowMs);
      return date === null || (newest !== null && date <= newest) ? [] : [{ merchant_id, date }];
    });
    if (due.length > 0) {
      // `on conflict`: two processes may see the same run due. One row a merchant and day is what makes it happen once.
      const { rows: made } = await sql.query(
        `insert into settlement_runs (run_id, merchant_id, local_date) select * from unnest($1::text[], $2::text[], $3::date[])
         on conflict (merchant_id, local_date) do nothing returning run_id`,
        [due.map(() => newId('run')), due.map(({ merchant_id }) => merchant_id), due.map(({ date }) => date)],
      );
      opened += made.length;
    }
    if (rows.length < merchantsMax) return opened;
    after = rows.at(-1)?.merchant_id ?? '';
  }
}

interface Run {
  readonly run_id: string;
  readonly merchant_id: Id<'mrch'>;
}

/** Settles what is owed to some merchants with an open run, and closes these. Returns how many. */
export async function endRuns(database: Database, log: Logger): Promise<number> {
  return await database.transaction(async (sql) => {
    // `skip locked`: another process may be at others.
    const { rows: runs } = await sql.query<Run>(
      `select run_id, merchant_id from settlement_runs where state = 'open' order by created_at limit $1 for update skip locked`,
      [runsMax],
    );
    if (runs.length === 0) return 0;
    const merchantIds = runs.map(({ merchant_id }) => merchant_id);
    const owed = await owedTo(sql, merchantIds);
    const asked = await askedFor(sql, merchantIds);
    const wanted = runs.flatMap((run) => {
      const account = owed.get(run.merchant_id);
      const amount_minor = account === undefined ? 0 : amountOf(account, asked.get(run.merchant_id) ?? 0n);
      return account === undefined || amount_minor === 0 ? [] : [{ ...run, amount_minor, currency: account.currency }];
    });
    const outcomes = await createSettlements(
      sql,
      wanted.map(({ run_id, merchant_id, amount_minor, currency }) => ({
        actor: 'engine',
        correlation_id: run_id,
        run_id,
        settlement: { merchant_id, amount_minor, currency, reference: '' },
      })),
    );
    await close(
      sql,
      runs,
      new Map(wanted.map((want, index) => [want.run_id, { ...want, outcome: outcomes[index] }])),
      log,
    );
    return runs.length;
  });
}

function amountOf({ payable_minor }: Owed, asked: bigint): number {
  const rest = payable_minor - asked;
  if (rest <= 0n) return 0;
  // What is beyond one settlement's bound is the next run's.
  return Number(rest < BigInt(limits.amountMinorMax) ? rest : BigInt(limits.amountMinorMax));
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
