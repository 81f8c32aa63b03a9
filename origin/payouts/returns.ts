// Returns of completed settlements: what is booked already, and writing new ones. Each is a row, a transfer from the provider's
// transit account back to what is owed to the merchant, an audit event and a webhook, in one commit. The database refuses more than
// was paid (migrations/0015).

import { createHash } from 'node:crypto';
import { type Id, idOfBytes } from '../../contracts/ids.ts';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import type { BookedReturn } from '../../core/settlement/returned.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import type { Transfer } from '../ledger/transfers.ts';
import { tellOfReturns } from '../notify/tell-of-returns.ts';
import type { SettlementRow } from './settlement-row.ts';
import type { TransitAccounts } from './transit-accounts.ts';

export interface NewReturn extends BookedReturn {
  readonly settlement_return_id: Id<'srt'>;
  readonly settlement: SettlementRow;
  readonly provider: string;
  readonly provider_reference: string;
  readonly reason_code: string;
  readonly occurred_at_ms: number | null;
  readonly evidence: unknown;
  readonly doer: Doer;
}

export interface StoredReturn extends BookedReturn {
  readonly settlement_id: string;
  readonly provider: string;
  readonly provider_reference: string;
}

/** The same return has the same id, also when it is told again after the database forgot it: its webhook is then known as a repeat. */
export function newReturn(parts: Omit<NewReturn, 'settlement_return_id'>): NewReturn {
  const named = JSON.stringify([parts.provider, parts.provider_reference]);
  return { ...parts, settlement_return_id: idOfBytes('srt', createHash('sha256').update(named).digest()) };
}

/** All of these settlements, and whichever has one of these references. */
export async function storedReturns(
  sql: Sql,
  settlementIds: readonly string[],
  references: readonly { readonly provider: string; readonly provider_reference: string }[] = [],
): Promise<StoredReturn[]> {
  if (settlementIds.length === 0) return [];
  const { rows } = await sql.query<
    Omit<StoredReturn, 'stated_minor' | 'amount_minor'> & { stated_minor: string | null; amount_minor: string }
  >(
    // Each half by an index of its own.
    `with of_settlements as (select * from settlement_returns where settlement_id = any($1::text[])),
     of_references as (
       select r.* from unnest($2::text[], $3::text[]) as named (provider, provider_reference)
       join settlement_returns r using (provider, provider_reference) where settlement_id <> all($1::text[]))
     select settlement_id, provider, provider_reference, stated_minor, amount_minor
     from (select * from of_settlements union all select * from of_references) as known order by settlement_return_no`,
    [
      settlementIds,
      references.map(({ provider }) => provider),
      references.map(({ provider_reference }) => provider_reference),
    ],
  );
  return rows.map(({ stated_minor, amount_minor, ...row }) => ({
    ...row,
    stated_minor: stated_minor === null ? null : BigInt(stated_minor),
    amount_minor: BigInt(amount_minor),
  }));
}

/** Rows and webhooks. The transfers (`transfersOfReturns`) and the audit events (`auditReturns`) come after, in the same transaction. */
export async function insertReturns(sql: Sql, returns: readonly NewReturn[]): Promise<void> {
  if (returns.length === 0) return;
  await sql.query(
    `insert into settlement_returns (settlement_return_id, settlement_id, merchant_id, provider, provider_reference,
       stated_minor, amount_minor, currency, reason_code, occurred_at, booked_by, evidence)
     select id, settlement_id, merchant_id, provider, provider_reference, stated, amount, currency, reason,
       to_timestamp(occurred_at_ms / 1000.0), booked_by, evidence::json
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
       $9::text[], $10::float8[], $11::text[], $12::text[]) as r (id, settlement_id, merchant_id, provider,
       provider_reference, stated, amount, currency, reason, occurred_at_ms, booked_by, evidence)`,
    [
      wordColumn(returns.map(({ settlement_return_id }) => settlement_return_id)),
      wordColumn(returns.map(({ settlement }) => settlement.settlement_id)),
      wordColumn(returns.map(({ settlement }) => settlement.merchant_id)),
      wordColumn(returns.map(({ provider }) => provider)),
      returns.map(({ provider_reference }) => provider_reference),
      numberColumn(returns.map(({ stated_minor }) => stated_minor)),
      numberColumn(returns.map(({ amount_minor }) => amount_minor)),
      wordColumn(returns.map(({ settlement }) => settlement.currency)),
      returns.map(({ reason_code }) => reason_code),
      returns.map(({ occurred_at_ms }) => occurred_at_ms),
      returns.map(({ doer }) => doer.actor),
      returns.map(({ evidence }) => JSON.stringify(evidence)),
    ],
  );
  await tellOfReturns(
    sql,
    returns.map(({ settlement_return_id }) => settlement_return_id),
  );
}

/** The provider has it again, and the merchant is owed it again. */
export function transfersOfReturns(transit: TransitAccounts, returns: readonly NewReturn[]): Transfer[] {
  return returns
    .filter(({ amount_minor }) => amount_minor > 0n)
    .map(({ settlement, provider, amount_minor, occurred_at_ms }) => ({
      debit_account_no: transit.numberOf(provider, settlement.currency),
      credit_account_no: settlement.payable_account_no,
      amount_minor,
      currency: settlement.currency,
      kind: 'direct',
      event_at_ms: occurred_at_ms ?? Date.now(),
      event: null,
      settlement_id: settlement.settlement_id,
    }));
}

export async function auditReturns(sql: Sql, returns: readonly NewReturn[]): Promise<void> {
  await recordAuditEvents(
    sql,
    returns.map(({ settlement, settlement_return_id, amount_minor, provider, reason_code, doer }) => ({
      ...doer,
      action: 'settlement.returned',
      subject: settlement.settlement_id,
      merchant_id: settlement.merchant_id,
      from_state: settlement.state,
      to_state: settlement.state,
      reason: `${settlement_return_id}: ${decimalTextFromMinor(Number(amount_minor), settlement.currency)} ${settlement.currency} came back through ${provider} (${reason_code})`,
    })),
  );
}
