// Changes of many settlements in the caller's transaction: what was said to and by providers, what the ledger does, and the
// new states with the webhooks of those that are final. In this order, the same for everybody: balances, the ledger's seal, then the
// audit chain's head are locked until the commit, so two transactions wait for each other and never deadlock.

import type { SettlementChange } from '../../core/settlement/settlement.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { type EndedRow, endedColumns, tellOfSettlements } from '../notify/tell-of-settlements.ts';
import { raiseForChanges } from './for-a-person.ts';
import { auditReturns, insertReturns, type NewReturn, transfersOfReturns } from './returns.ts';
import type { SettlementRow } from './settlement-row.ts';
import { storable, storableWords } from './storable.ts';
import type { TransitAccounts } from './transit-accounts.ts';

export interface Change {
  readonly before: SettlementRow;
  readonly after: Omit<SettlementChange, 'overdue'> & Partial<Pick<SettlementChange, 'overdue'>>;
  readonly actor: string;
  /** Who goes on with it, and until when it is theirs alone; null: whoever comes when it is due. */
  readonly lease: Lease | null;
}
export interface Lease {
  readonly token: string;
  readonly ms: number;
}

export interface Exchange {
  readonly settlement_id: string;
  readonly submission: number;
  readonly provider: string;
  readonly kind: 'submit' | 'ask' | 'confirmation';
  readonly outcome: string;
  readonly detail: string;
  readonly duration_ms: number | null;
}

/** It stays what it is, and is due at another time, or in somebody's hands. */
export function unchanged(
  row: SettlementRow,
  { due_in_ms, lease }: { due_in_ms: number | null; lease: Lease | null },
): Change {
  const failure = row.failure_code === null ? null : ({ code: row.failure_code, kind: 'soft' } as const);
  const after = { progress: row, posting: null, due_in_ms, dead_letter: false, failure, reason: 'asked about' };
  return { before: row, after, actor: 'engine', lease };
}

export async function storeChanges(
  sql: Sql,
  transit: TransitAccounts,
  changes: readonly Change[],
  exchanges: readonly Exchange[],
  returns: readonly NewReturn[] = [],
): Promise<void> {
  const transfers = [...(await transfersOf(sql, transit, changes)), ...transfersOfReturns(transit, returns)];
  // Locks nothing that others need: before what does.
  await insertExchanges(sql, exchanges);
  await insertReturns(sql, returns);
  await raiseForChanges(sql, changes);
  await insertTransfers(sql, transfers);
  // Nothing goes from queued to waiting for another try but through processing.
  const taken = changes.filter(({ before, after }) => before.state !== 'processing' && !isNext(before, after));
  if (taken.length > 0)
    await sql.query({
      name: 'take_up_settlements',
      text: `update settlements set state = 'processing', changed_by = 'engine', change_reason = 'taken up'
             where settlement_id = any($1::text[])`,
      values: [taken.map(({ before }) => before.settlement_id)],
    });
  await tellOfSettlements(sql, await updateSettlements(sql, changes));
  await auditReturns(sql, returns);
}

function isNext({ state }: SettlementRow, { progress }: Change['after']): boolean {
  return state === progress.state || progress.state === 'processing' || progress.state === 'failed';
}

async function transfersOf(sql: Sql, transit: TransitAccounts, changes: readonly Change[]): Promise<Transfer[]> {
  const using = changes.filter(({ after: { posting } }) => posting === 'post' || posting === 'void');
  const reserved = await reservedWith(
    sql,
    using.map(({ before }) => before.settlement_id),
  );
  return changes.flatMap(({ before, after: { posting, progress } }): Transfer[] => {
    if (posting === null || progress.provider === null) return [];
    const own = transit.numberOf(progress.provider, before.currency);
    const from = posting === 'pending' ? own : reserved.get(before.settlement_id);
    if (from === undefined) throw new Error(`${before.settlement_id} has no reservation to ${posting}`);
    const { settlement_id, amount_minor, currency, payable_account_no } = before;
    const base = { amount_minor, currency, event_at_ms: Date.now(), event: null, settlement_id };
    const transfer = { ...base, debit_account_no: payable_account_no, credit_account_no: from, kind: posting };
    // Reserved with one provider and paid by another: it is on its way through the one that paid.
    const moved = { ...base, debit_account_no: from, credit_account_no: own, kind: 'direct' as const };
    return posting === 'post' && from !== own ? [transfer, moved] : [transfer];
  });
}

/** The transit account of each settlement's reservation. */
async function reservedWith(sql: Sql, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql.query<{ settlement_id: string; credit_account_no: string }>({
    name: 'reserved_with',
    text: `select settlement_id, credit_account_no from ledger_transfers
           where settlement_id = any($1::text[]) and kind = 'pending'`,
    values: [wordColumn(ids)],
  });
  return new Map(rows.map((row) => [row.settlement_id, Number(row.credit_account_no)]));
}

async function insertExchanges(sql: Sql, exchanges: readonly Exchange[]): Promise<void> {
  if (exchanges.length === 0) return;
  await sql.query({
    name: 'insert_provider_exchanges',
    text: `insert into provider_exchanges (settlement_id, submission, provider, kind, outcome, detail, duration_ms)
           select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])`,
    values: [
      wordColumn(exchanges.map(({ settlement_id }) => settlement_id)),
      numberColumn(exchanges.map(({ submission }) => submission)),
      wordColumn(exchanges.map(({ provider }) => provider)),
      wordColumn(exchanges.map(({ kind }) => kind)),
      wordColumn(exchanges.map(({ outcome }) => outcome)),
      exchanges.map(({ detail }) => storableWords(detail)),
      numberColumn(exchanges.map(({ duration_ms }) => (duration_ms === null ? null : Math.round(duration_ms)))),
    ],
  });
}

/** As they are now. `due_at` while somebody holds it: the end of the lease, so that what a crash left is due again by itself. */
async function updateSettlements(sql: Sql, changes: readonly Change[]): Promise<EndedRow[]> {
  if (changes.length === 0) return [];
  const column = <T>(read: (change: Change) => T) => changes.map(read);
  const { rows } = await sql.query<EndedRow>({
    name: 'update_settlements',
    text: `update settlements s set state = c.state, step = c.step, provider = c.provider, provider_reference = c.provider_reference,
             submissions = c.submissions, outcome_unknown = c.outcome_unknown, polls = c.polls, attempts = c.attempts,
             failure_code = c.failure_code, failure_kind = c.failure_kind,
             dead_lettered_at = case when c.dead_letter then clock_timestamp() end,
             due_at = clock_timestamp() + c.due_in_ms * interval '1 millisecond', lease_owner = c.lease_owner,
             lease_until = case when c.lease_owner is not null then clock_timestamp() + c.due_in_ms * interval '1 millisecond' end,
             changed_by = c.changed_by, change_reason = c.change_reason
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bool[], $8::int[], $9::int[],
             $10::text[], $11::text[], $12::bool[], $13::bigint[], $14::text[], $15::text[], $16::text[])
             as c (settlement_id, state, step, provider, provider_reference, submissions, outcome_unknown, polls, attempts,
               failure_code, failure_kind, dead_letter, due_in_ms, lease_owner, changed_by, change_reason)
           where s.settlement_id = c.settlement_id returning ${endedColumns}`,
    values: [
      wordColumn(column(({ before }) => before.settlement_id)),
      wordColumn(column(({ after }) => after.progress.state)),
      wordColumn(column(({ after }) => after.progress.step)),
      wordColumn(column(({ after }) => after.progress.provider)),
      column(({ after }) => storableOrNull(after.progress.provider_reference)),
      numberColumn(column(({ after }) => after.progress.submissions)),
      column(({ after }) => after.progress.outcome_unknown),
      numberColumn(column(({ after }) => after.progress.polls)),
      numberColumn(column(({ after }) => after.progress.attempts)),
      wordColumn(column(({ after }) => after.failure?.code ?? null)),
      wordColumn(column(({ after }) => after.failure?.kind ?? null)),
      column(({ after }) => after.dead_letter),
      numberColumn(column(({ after, lease }) => lease?.ms ?? after.due_in_ms ?? 0)),
      column(({ lease }) => lease?.token ?? null),
      column(({ actor }) => actor),
      column(({ after }) => after.reason),
    ],
  });
  return rows;
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text);
}
