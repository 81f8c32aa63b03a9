// When the audit trail, the ledger and the cards were last proved, for whoever watches. Written by each run that found nothing wrong;
// whether such a run comes at all is for a timer of the operator's (ops/systemd), but for the cards, which the sweep compares by itself.

import { Gauge, type Registry } from 'prom-client';
import { sqlState } from '../db/away.ts';
import type { Sql } from '../db/client.ts';

/** `cards`: each was compared with its books, and what differs is an open item. */
export type ProofKind = 'audit' | 'ledger' | 'cards';

export interface LastProof {
  readonly kind: ProofKind;
  /** All that was there at that instant is proved. Null: never yet. */
  readonly proved_at: Date | null;
  readonly waited_since: Date;
  /** When the last run began that found something wrong. Null: none yet. */
  readonly failed_at: Date | null;
}

/** The last run that said anything found something wrong. */
export function hasFailed({ failed_at, proved_at }: Pick<LastProof, 'failed_at' | 'proved_at'>): boolean {
  return failed_at !== null && (proved_at === null || failed_at >= proved_at);
}

export async function readLastProofs(sql: Sql): Promise<readonly LastProof[]> {
  const { rows } = await sql.query<LastProof>(
    'select kind, proved_at, waited_since, failed_at from last_proofs order by kind',
  );
  return rows;
}

/** The database's clock, before a run looks at anything. */
export async function proofBegins(sql: Sql): Promise<Date> {
  const { rows } = await sql.query<{ at: Date }>('select clock_timestamp() as at');
  return rows[0]?.at ?? new Date();
}

/** Insufficient privilege; a standby, or a session that only reads; no such function: a database of an older release. */
const mayNotWrite = new Set(['42501', '25006', '42883']);

interface Proved {
  readonly kind: 'audit' | 'ledger';
  readonly beganAt: Date;
  /** False: something is wrong, and whoever is on duty is woken. */
  readonly isGood: boolean;
}

/** False: this login may not say so, and the proof itself is as good. */
export async function noteProof(sql: Sql, { kind, beganAt, isGood }: Proved): Promise<boolean> {
  try {
    await sql.query(`select ${isGood ? 'note_proof' : 'note_failed_proof'}($1, $2)`, [kind, beganAt]);
    return true;
  } catch (error) {
    if (mayNotWrite.has(sqlState(error) ?? '')) return false;
    throw error;
  }
}

export async function noteCardsCompared(sql: Sql, beganAt: Date): Promise<void> {
  await sql.query('select note_cards_compared($1)', [beganAt]);
}

export function measureProofs(registry: Registry, sql: Sql): void {
  const gauge: Gauge<'of'> = new Gauge({
    name: 'proof_last_success_timestamp_seconds',
    help: 'What the last good proof of the audit trail, of the ledger, and of the cards beside their books has proved: all until then. Before the first one: since when one is waited for',
    labelNames: ['of'],
    registers: [registry],
    async collect() {
      gauge.reset();
      // No figure where the database does not answer.
      for (const { kind, proved_at, waited_since } of await readLastProofs(sql).catch(() => []))
        gauge.set({ of: kind }, (proved_at ?? waited_since).getTime() / 1_000);
    },
  });
  const failed: Gauge<'of'> = new Gauge({
    name: 'proof_failed',
    help: '1: the last proof of the audit trail or of the ledger found something wrong, and none that began later was good',
    labelNames: ['of'],
    registers: [registry],
    async collect() {
      failed.reset();
      for (const proof of await readLastProofs(sql).catch(() => []))
        if (proof.kind !== 'cards') failed.set({ of: proof.kind }, hasFailed(proof) ? 1 : 0);
    },
  });
}
