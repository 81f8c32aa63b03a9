// Settlements that exhausted their tries: kept with their reservation until a person replays or discards them. None of them may
// have been paid: what may be is asked about, and never set aside. Each replay and each discard is audited.

import type { Id } from '../../contracts/ids.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { closeAsGone } from '../open-items/raise.ts';
import { isFinal, lockSettlements, type SettlementRow } from './settlement-row.ts';
import { storeChanges } from './store-changes.ts';
import { createTransitAccounts } from './transit-accounts.ts';

export interface DeadSettlement {
  readonly settlement_id: Id<'stl'>;
  readonly merchant_id: Id<'mrch'>;
  /** bigint as text. */
  readonly amount_minor: string;
  readonly currency: string;
  readonly reference: string;
  readonly provider: string | null;
  readonly failure_code: string;
  readonly submissions: number;
  readonly attempts: number;
  readonly dead_lettered_at: Date;
}

/** Which ones: all, of one failure code, of one provider, or both. */
export interface DeadGroup {
  readonly failure_code?: string | undefined;
  readonly provider?: string | undefined;
}

const inGroup = `dead_lettered_at is not null and ($1::text is null or failure_code = $1) and ($2::text is null or provider = $2)`;
const groupValues = ({ failure_code, provider }: DeadGroup) => [failure_code ?? null, provider ?? null];

/** To the millisecond, as a cursor carries it: what died within one is told apart by its id. */
const deadAt = `date_trunc('milliseconds', dead_lettered_at)`;

/** The newest first. `before`: the last of the page before, from `cursor`. */
export async function listDeadSettlements(
  sql: Sql,
  { limit, before = null, ...group }: DeadGroup & { readonly limit: number; readonly before?: DeadCursor | null },
): Promise<DeadSettlement[]> {
  const { rows } = await sql.query<DeadSettlement>(
    `select settlement_id, merchant_id, amount_minor, currency, reference, provider, failure_code, submissions, attempts,
       dead_lettered_at
     from settlements where ${inGroup} and ($3::timestamptz is null or (${deadAt}, settlement_id) < ($3, $4))
     order by ${deadAt} desc, settlement_id desc limit $5`,
    [...groupValues(group), before?.dead_lettered_at ?? null, before?.settlement_id ?? null, limit],
  );
  return rows;
}
export type DeadCursor = Pick<DeadSettlement, 'dead_lettered_at' | 'settlement_id'>;

export interface ExchangeRow {
  readonly submission: number;
  readonly provider: string;
  readonly kind: string;
  readonly outcome: string;
  readonly detail: string;
  readonly duration_ms: number | null;
  readonly at: Date;
}

/** One, with every word exchanged about it. Throws a refusal where it is not among the dead. */
export async function inspectDeadSettlement(
  sql: Sql,
  settlementId: string,
): Promise<DeadSettlement & { readonly exchanges: readonly ExchangeRow[] }> {
  const { rows } = await sql.query<DeadSettlement>(
    `select settlement_id, merchant_id, amount_minor, currency, reference, provider, failure_code, submissions, attempts,
       dead_lettered_at
     from settlements where settlement_id = $1 and dead_lettered_at is not null`,
    [settlementId],
  );
  if (rows[0] === undefined) throw refusal('dead_letter_not_found');
  const { rows: exchanges } = await sql.query<ExchangeRow>(
    `select submission, provider, kind, outcome, detail, duration_ms, at from provider_exchanges
     where settlement_id = $1 order by exchange_no`,
    [settlementId],
  );
  return { ...rows[0], exchanges };
}

/** Due again at once, with all its tries before it. Throws a refusal where it is not among the dead. */
export async function replaySettlement(sql: Sql, settlementId: string, doer: Doer): Promise<void> {
  if (!(await replayDead(sql, settlementId, doer))) throw refusal('dead_letter_not_found');
  await closeAsGone(sql, 'settlement_set_aside', settlementId);
}

/** The same for an action on its open item, which closes that itself. False: it is not among the dead. */
export async function replayDead(sql: Sql, settlementId: string, doer: Doer): Promise<boolean> {
  const { rows } = await sql.query<Replayed>(
    `${replay} where settlement_id = $1 and dead_lettered_at is not null ${told}`,
    [settlementId],
  );
  await auditReplays(sql, rows, doer);
  return rows.length > 0;
}

/** Of one commit: the audit chain's head is locked for as long. */
export const replayedAtOnceMax = 1_000;

/**
 * A group, the longest dead first; without conditions, all. Returns how many: while it is `replayedAtOnceMax` there may be
 * more, for another transaction.
 */
export async function replaySettlements(sql: Sql, group: DeadGroup, doer: Doer): Promise<number> {
  const { rows } = await sql.query<Replayed>(
    // `skip locked`: what somebody else is replaying or discarding is theirs.
    `${replay} where settlement_id in (select settlement_id from settlements where ${inGroup}
       order by dead_lettered_at limit $3 for no key update skip locked) ${told}`,
    [...groupValues(group), replayedAtOnceMax],
  );
  await sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'gone'
     where kind = 'settlement_set_aside' and item_key = any($1::text[]) and status = 'open' and action is null`,
    [rows.map(({ settlement_id }) => settlement_id)],
  );
  await auditReplays(sql, rows, doer);
  return rows.length;
}

const replay = 'update settlements set dead_lettered_at = null, attempts = 0, due_at = now()';
const told = 'returning settlement_id, merchant_id, failure_code';
interface Replayed {
  readonly settlement_id: string;
  readonly merchant_id: string;
  readonly failure_code: string;
}

async function auditReplays(sql: Sql, replayed: readonly Replayed[], doer: Doer): Promise<void> {
  await recordAuditEvents(
    sql,
    replayed.map(({ settlement_id, merchant_id, failure_code }) => {
      const reason = `had failed: ${failure_code}`;
      return { ...doer, action: 'settlement.replayed', subject: settlement_id, merchant_id, reason };
    }),
  );
}

export interface Discard extends Doer {
  /** Why: in the audit trail for good. */
  readonly reason: string;
}

/** Failed for good, and what was reserved is owed again. Throws a refusal where it is not among the dead. */
export async function discardSettlement(sql: Sql, settlementId: string, discard: Discard): Promise<void> {
  if (!(await discardDead(sql, settlementId, discard))) throw refusal('dead_letter_not_found');
  await closeAsGone(sql, 'settlement_set_aside', settlementId);
}

/** The same for an action on its open item. False: it is not among the dead. */
export async function discardDead(sql: Sql, settlementId: string, discard: Discard): Promise<boolean> {
  const row = (await lockSettlements(sql, [settlementId])).get(settlementId);
  if (row === undefined || isFinal(row) || !row.dead_lettered || row.outcome_unknown) return false;
  const { actor, correlation_id, reason } = discard;
  const transit = createTransitAccounts(sql);
  if (row.provider !== null) await transit.ensure([row.provider], [row.currency]);
  await storeChanges(sql, transit, [{ before: row, after: discarded(row, reason), actor, lease: null }], []);
  const audited = { action: 'settlement.discarded', subject: settlementId, merchant_id: row.merchant_id };
  await recordAuditEvents(sql, [{ actor, correlation_id, reason, ...audited }]);
  return true;
}

function discarded(row: SettlementRow, reason: string) {
  return {
    progress: { ...row, state: 'failed', step: 'finalise' },
    posting: row.step === 'reserve' ? null : 'void',
    due_in_ms: null,
    dead_letter: false,
    failure: { code: 'discarded', kind: 'hard' },
    reason,
  } as const;
}
