// Both chains and every checkpoint, verified together: what `npm run audit -- verify` and a scheduled job ask.

import type { Sql } from '../db/client.ts';
import { verifyAuditChain } from './audit-chain.ts';
import type { Anchor, ChainResult, Fault } from './chain.ts';
import { type Checkpoint, sumsOf } from './checkpoint.ts';
import { type LedgerChainResult, verifyLedgerChain } from './ledger-chain.ts';

export interface AuditProof {
  readonly audit: ChainResult & { /** Said, and not chained yet. */ readonly unsealed: number };
  readonly ledger: LedgerChainResult;
  readonly checkpoints: number;
  readonly faults: readonly Fault[];
}

/**
 * `sql`: a connection of one's own, on which no transaction is open. Reads everything in one snapshot. `start`: a checkpoint to go on from; of
 * what is before it only its last link is looked at.
 */
export async function verifyAudit(
  sql: Sql,
  checkpoints: readonly Checkpoint[] = [],
  start: Checkpoint | null = null,
): Promise<AuditProof> {
  const startOf = (chain: Fault['chain']) => (start === null ? null : anchorOf(start, chain));
  await sql.query('begin isolation level repeatable read read only');
  try {
    const audit = await verifyAuditChain(
      sql,
      checkpoints.map((checkpoint) => anchorOf(checkpoint, 'audit')),
      startOf('audit'),
    );
    const ledger = await verifyLedgerChain(
      sql,
      checkpoints.map((checkpoint) => anchorOf(checkpoint, 'ledger')),
      startOf('ledger'),
    );
    const faults = [audit.fault, ledger.fault].filter((fault) => fault !== null);
    const unsealed = await unsealedEvents(sql);
    return { audit: { ...audit, unsealed }, ledger, checkpoints: checkpoints.length, faults };
  } finally {
    await sql.query('rollback');
  }
}

async function unsealedEvents(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    'select coalesce(sum(cardinality(entries)), 0)::int as count from waiting_for_seal',
  );
  return rows[0]?.count ?? 0;
}

export function anchorOf(checkpoint: Checkpoint, chain: Fault['chain']): Anchor {
  const { no, hash } = checkpoint[chain];
  const from = `checkpoint ${checkpoint.checkpoint_no} of ${checkpoint.made_at}`;
  const sums = chain === 'ledger' ? (sumsOf(checkpoint) ?? undefined) : undefined;
  return { no, hash: Buffer.from(hash, 'hex'), from, sums };
}
