// A settlement as the engine works on it: where it stands, what it pays, and from which ledger account.

import type { Id } from '../../contracts/ids.ts';
import type { SettlementProgress } from '../../core/settlement/settlement.ts';
import type { Sql } from '../db/client.ts';
import type { Submission } from '../providers/provider.ts';

export interface SettlementRow extends SettlementProgress {
  readonly settlement_id: Id<'stl'>;
  readonly merchant_id: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly lease_owner: string | null;
  readonly failure_code: string | null;
  readonly dead_lettered: boolean;
  readonly created_at: Date;
  readonly destinations: Readonly<Record<string, unknown>>;
  readonly payable_account_no: number;
  /** The trace of whoever asked for it, as a `traceparent`; null: it was not traced. */
  readonly trace_parent: string | null;
}

type StoredRow = Omit<SettlementRow, 'amount_minor' | 'payable_account_no'> & {
  readonly amount_minor: string;
  readonly payable_account_no: string;
};

const selectionFrom = (settlements: string) => `
  select s.settlement_id, s.merchant_id, s.amount_minor, s.currency, s.reference, s.state, s.step, s.provider,
    s.provider_reference, s.submissions, s.outcome_unknown, s.polls, s.attempts, s.lease_owner, s.failure_code,
    s.dead_lettered_at is not null as dead_lettered, s.created_at, s.destinations, s.trace_parent,
    a.ledger_account_no as payable_account_no
  from ${settlements} s
  join merchants m on m.merchant_id = s.merchant_id
  join ledger_accounts a on a.kind = 'merchant_payable' and a.currency = m.currency and a.network is null
    and a.account_id is null and a.merchant_id = m.merchant_id and a.provider is null`;

/** SQL: nothing is sent; what may have been paid is asked about all the same (database-set-back.ts). */
const isHeld = `exists (select from open_items where kind = 'database_set_back' and status = 'open')`;

/** Nobody has it, or its lease is over, and it is not with a provider that cannot be asked now: those that can are `$1`. */
export const isDue = `s.state in ('queued', 'processing', 'retry_pending') and s.dead_lettered_at is null and s.due_at <= now()
        and (s.payable_from is null or s.payable_from <= now())
        and (s.state <> 'processing' or s.provider is null or s.provider = any($1::text[]))
        and (s.outcome_unknown or not ${isHeld})`;

/**
 * What is due, the longest due first, locked until the transaction ends. `skip locked`: what another engine is taking is
 * its own. What is with a provider that cannot be asked now stays where it is.
 */
export async function lockDue(sql: Sql, providers: readonly string[], limit: number): Promise<SettlementRow[]> {
  const { rows } = await sql.query<StoredRow>({
    name: 'lock_due_settlements',
    text: `${selectionFrom('settlements')}
      where ${isDue}
      order by s.due_at limit $2 for no key update of s skip locked`,
    values: [providers, limit],
  });
  return rows.map(rowOf);
}

/** By their ids, locked in one order for everybody, so that two that share settlements wait instead of deadlocking. */
export async function lockSettlements(sql: Sql, ids: readonly string[]): Promise<Map<string, SettlementRow>> {
  const { rows } = await sql.query<StoredRow>({
    name: 'lock_settlements',
    // Locked before anything is joined: a planner without statistics would walk through all of each merchant's settlements.
    text: `with locked as materialized (
        select * from settlements where settlement_id = any($1::text[]) order by settlement_no for no key update
      ) ${selectionFrom('locked')}`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.settlement_id, rowOf(row)]));
}

function rowOf(row: StoredRow): SettlementRow {
  return { ...row, amount_minor: BigInt(row.amount_minor), payable_account_no: Number(row.payable_account_no) };
}

export function isFinal({ state }: Pick<SettlementRow, 'state'>): boolean {
  return state === 'completed' || state === 'failed';
}

/** What the provider is sent, and asked about. The same submission always has the same key. */
export function submissionOf(row: SettlementRow, provider: string): Submission {
  const { settlement_id, merchant_id, submissions, amount_minor, currency, reference } = row;
  return {
    settlement_id,
    merchant_id,
    submission: submissions,
    idempotency_key: `${settlement_id}-${submissions}`,
    amount_minor,
    currency,
    destination: row.destinations[provider],
    reference,
  };
}
