// npm run audit -- set-back: whoever has restored the database to an earlier instant says so, before the origin is started on it. Nothing is
// paid until a person has looked (ops/runbooks/database-restored.md).

import { raiseSetBackDatabase } from '../../origin/audit/database-set-back.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';

export interface SetBackSaid {
  readonly clean: true;
  readonly kind: 'database_set_back';
}

/** `since`: from when on payments may be unknown; null: the newest audit event that is there. */
export async function saySetBack(url: string, reason: string, since: string | null): Promise<SetBackSaid> {
  const sql = await connectOwner(url);
  try {
    const key = `said ${new Date().toISOString()}`;
    await raiseSetBackDatabase(sql, { key, said: reason, evidence: since === null ? { reason } : { reason, since } });
  } finally {
    await sql.end();
  }
  return { clean: true, kind: 'database_set_back' };
}

export function setBackInWords(_: SetBackSaid): string {
  return 'No payout is begun from now on: open item database_set_back.';
}
