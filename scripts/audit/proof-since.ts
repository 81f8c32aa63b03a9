// npm run audit -- verify --since-checkpoint: both chains from the newest signed checkpoint on. What is older was proved by whoever looked at all of
// it; here only its last links are compared with the checkpoint. Balances and causes are of the whole ledger, and not looked at.

import type { Fault } from '../../origin/audit/chain.ts';
import { type Checkpoint, readCheckpoints } from '../../origin/audit/checkpoint.ts';
import { noteProof, proofBegins } from '../../origin/audit/last-proofs.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import type { Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { nameOfDatabase } from './place.ts';
import type { Proving } from './proof.ts';

export interface SinceReport {
  readonly database: string;
  readonly clean: boolean;
  readonly since: { readonly checkpoint_no: number; readonly made_at: string };
  /** Looked at, since then. */
  readonly audit_events: number;
  readonly ledger_seals: number;
  readonly ledger_transfers: number;
  /** Of the last moments: in the database, and not chained yet. */
  readonly unsealed: { readonly audit_events: number; readonly ledger_transfers: number };
  readonly faults: readonly Fault[];
  readonly problems: readonly string[];
  readonly took_ms: number;
}

export async function proveSinceCheckpoint({ url, because, store, keys, place }: Proving): Promise<SinceReport> {
  const startMs = performance.now();
  const stored = await readCheckpoints(store, keys);
  const newest = stored.checkpoints.at(-1);
  if (newest === undefined) {
    const why = stored.problems.length > 0 ? `: ${stored.problems.join('; ')}` : '';
    throw new Error(`${place} has no checkpoint to go on from${why}; verify without --since-checkpoint looks at all`);
  }
  const sql = await connectOwner(url);
  const { audit, ledger, faults } = await verifyFrom(sql, newest, stored.problems.length > 0).finally(() => sql.end());
  const problems = [...stored.problems, ...faults.map(({ says }) => says)];
  return {
    database: `${nameOfDatabase(url)} (${because})`,
    clean: problems.length === 0,
    since: { checkpoint_no: newest.checkpoint_no, made_at: newest.made_at },
    audit_events: audit.links - newest.audit.no,
    ledger_seals: ledger.links - newest.ledger.no,
    ledger_transfers: ledger.transfers,
    unsealed: { audit_events: audit.unsealed, ledger_transfers: ledger.unsealed },
    ...{ faults, problems, took_ms: Math.round(performance.now() - startMs) },
  };
}

/** What is wrong is noted; that nothing is, is not: what is older was not looked at. */
async function verifyFrom(sql: Sql, newest: Checkpoint, isStoreWrong: boolean) {
  const beganAt = await proofBegins(sql);
  const proof = await verifyAudit(sql, [], newest);
  if (isStoreWrong || proof.faults.length > 0) await noteProof(sql, { kind: 'audit', beganAt, isGood: false });
  return proof;
}

export function sinceInWords(report: SinceReport): string {
  const { since, unsealed, problems } = report;
  return [
    `database           ${report.database}`,
    `since              checkpoint ${since.checkpoint_no} of ${since.made_at}`,
    `audit events       ${report.audit_events} good since then`,
    `transfers          ${report.ledger_transfers} good, as they were sealed, in ${report.ledger_seals} seals`,
    `not sealed yet     ${unsealed.audit_events} events and ${unsealed.ledger_transfers} transfers`,
    ...problems.map((problem) => `WRONG              ${problem}`),
    report.clean
      ? 'nothing was changed since the checkpoint; that nothing was before it, and every balance, is proved without --since-checkpoint'
      : 'this is not what was written: npm run audit -- verify looks at all of it, and ops/runbooks/audit-not-proved.md says what then',
  ].join('\n');
}
