// A database that was set back to an earlier instant does not know it, and owes again what was paid since. The checkpoints off the host do:
// one that names an audit event which is not there was signed by the database that this one was. It is looked at before the first payout of
// a process, and with every checkpoint. While the open item stands, nothing is sent to providers (settlement-row.ts).
//
// A restore to an instant after the newest checkpoint leaves no trace there: then a person says it (`npm run audit -- set-back`).

import type { Sql } from '../db/client.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import type { Checkpoint } from './checkpoint.ts';

export interface SetBack {
  readonly key: string;
  readonly said: string;
  readonly evidence: object;
  /** An instant of the lost time; what was written here by then is what was restored. Missing: nothing was written since the restore. */
  readonly byMs?: number;
}

/**
 * `key`: one item a finding; once a person has closed it, the same finding does not raise it again. Its evidence says since when payments
 * may be unknown here (`since`): the newest audit event that was restored.
 */
export async function raiseSetBackDatabase(sql: Sql, { key, said, evidence, byMs }: SetBack): Promise<void> {
  const { rows } = await sql.query<{ at: Date }>(
    'select at from audit_events where at <= to_timestamp($1 / 1000.0) order by audit_no desc limit 1',
    [byMs ?? Date.now()],
  );
  const since = (rows[0]?.at ?? new Date(0)).toISOString();
  const summary = `The database was set back: ${said}. No payout is begun until a person says that what was paid since is known.`;
  await raiseOpenItems(sql, [{ kind: 'database_set_back', key, summary, evidence: { since, ...evidence } }]);
}

/** Whether the checkpoint knows more than the database, which can then only be an earlier one of itself; raised where it is so. */
export async function noteIfSetBack(sql: Sql, { checkpoint_no, made_at, audit }: Checkpoint): Promise<boolean> {
  const { rows } = await sql.query<{ audit_no: string }>('select audit_no from audit_head');
  const audit_no = Number(rows[0]?.audit_no ?? 0);
  if (audit_no >= audit.no) return false;
  // Said by a person already: nobody has to answer for the same twice.
  const said = await sql.query(`select from open_items where kind = 'database_set_back' and status = 'open'`);
  if (said.rows.length > 0) return true;
  await raiseSetBackDatabase(sql, {
    key: `checkpoint ${checkpoint_no} ${made_at}`,
    said: `checkpoint ${checkpoint_no} of ${made_at} names audit event ${audit.no}, and the newest one here is ${audit_no}`,
    evidence: { checkpoint_no, made_at, audit_no_there: audit.no, audit_no },
    // What this process has written since the restore is younger than any checkpoint of the lost time.
    byMs: Date.parse(made_at),
  });
  return true;
}
