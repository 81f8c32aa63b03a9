// Scheduled settlement: each merchant with a schedule once a day, of all that is owed to it and not asked for yet. A run is a row
// before it is anything else; its settlement and its end are one commit (end-runs.ts), so that one which died is taken up where it
// stood.

import type { Logger } from 'pino';
import { newId } from '../../contracts/ids.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { accrue } from '../merchants/accrual.ts';
import type { UnapprovedBounds } from '../merchants/unapproved-bounds.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import type { Payer } from '../providers/payable.ts';
import { dueRun } from './due-run.ts';
import { endRuns, runsMax } from './end-runs.ts';

const intervalMs = 5_000;
const merchantsMax = 1_000;

export interface ScheduleOptions {
  readonly database: Database;
  readonly log: Logger;
  /** Those that are configured, primary first: a run pays what one of them can pay, and the rest stays owed. */
  readonly providers: readonly Payer[];
  readonly bounds: UnapprovedBounds;
  /** For tests. */
  readonly now?: () => number;
}

/** Begins and ends the runs that are due. */
export function createSchedule({ database, log, providers, bounds, now = Date.now }: ScheduleOptions): Loop {
  return createLoop({
    name: 'scheduled settlement',
    log,
    intervalMs,
    lagMs: () =>
      ageMs(database.sql, `select min(due_at) from settlement_runs where state = 'open' and due_at <= now()`),
    atRest: { rest: database.rest, dueInMs: () => nextRunMs(database, now()) },
    async round(signal, moved) {
      await openRuns(database, now(), log);
      try {
        // After the runs are opened: what has cleared until then is theirs.
        while (!signal.aborted && (await accrue(database, { bounds }))) moved();
      } catch (error) {
        // Accrual has its own loop, which shows that it stands still. What is owed already is paid all the same.
        log.error({ err: error }, 'accrual failed: the runs settle what is owed until now');
      }
      while (!signal.aborted && (await endRuns({ database, providers, log })) === runsMax) moved();
      return false;
    },
  });
}

/** Schedules are of whole minutes; a run that could not be ended comes due again by itself. */
async function nextRunMs({ sql }: Pick<Database, 'sql'>, nowMs: number): Promise<number> {
  const open = await dueInMs(sql, `select min(due_at) from settlement_runs where state = 'open'`);
  return Math.min(60_000 - (nowMs % 60_000), open ?? Number.POSITIVE_INFINITY);
}

interface Scheduled {
  readonly merchant_id: string;
  readonly time: string;
  readonly zone: string;
  readonly created_at: Date;
  readonly newest: string | null;
}

/** Makes the rows of what is due. Returns how many. */
export async function openRuns(database: Pick<Database, 'sql'>, nowMs: number, log: Logger): Promise<number> {
  const { sql } = database;
  let opened = 0;
  for (let after = ''; ; ) {
    const { rows } = await sql.query<Scheduled>(
      `select m.merchant_id, m.schedule_time as time, m.schedule_zone as zone, m.created_at,
         (select max(local_date)::text from settlement_runs r where r.merchant_id = m.merchant_id) as newest
       from merchants m where m.schedule_time is not null and m.merchant_id > $1 order by m.merchant_id limit $2`,
      [after, merchantsMax],
    );
    const due: { merchant_id: string; date: string }[] = [];
    for (const scheduled of rows) {
      const { merchant_id, newest } = scheduled;
      const date = await dueDate(database, scheduled, nowMs, log);
      if (date !== null && (newest === null || date > newest)) due.push({ merchant_id, date });
    }
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

/** Null: none. A schedule that cannot be read (a zone that this machine does not know) is for a person, and stops nobody else's. */
async function dueDate(
  { sql }: Pick<Database, 'sql'>,
  { merchant_id, created_at, time, zone }: Scheduled,
  nowMs: number,
  log: Logger,
): Promise<string | null> {
  try {
    return dueRun({ time, zone }, created_at.getTime(), nowMs);
  } catch (error) {
    log.error({ err: error, merchant_id, time, zone }, "a merchant's schedule cannot be read");
    await raiseOpenItems(sql, [
      {
        kind: 'run_set_aside',
        key: `schedule ${merchant_id}`,
        summary: `The schedule ${time} in ${zone} of ${merchant_id} cannot be read: it is not paid by itself.`,
        merchant_id,
        evidence: { time, zone, error: String(error) },
        reopens: true,
      },
    ]);
    return null;
  }
}
