// The books of a database, proved: sums are 0 in each currency, both chains verify, nothing moved without a cause. A sentence for each thing
// that is wrong.

import { brokenAccruals } from '../../origin/audit/accrual-law.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';

/** `owed`: false where merchants were credited by hand, so that what they are owed has no clearing. */
export async function bookFindings(databaseUrl: string, { owed = true } = {}): Promise<string[]> {
  const sql = await connectOwner(databaseUrl);
  try {
    const { differences } = await verifyLedger(sql);
    const { faults } = await verifyAudit(sql);
    return [...differences, ...faults.map(({ says }) => says), ...(owed ? await brokenAccruals(sql) : [])];
  } finally {
    await sql.end();
  }
}
