// What the ledger owes to merchants: the account it stands on, and how much of it nobody has reserved yet.

import type { Sql } from '../db/client.ts';

export interface Owed {
  readonly merchant_id: string;
  readonly currency: string;
  readonly destinations: Readonly<Record<string, unknown>>;
  readonly payable_account_no: number;
  readonly ledger_account_id: string;
  /** Posted credits less posted and pending debits. */
  readonly available_minor: bigint;
}

interface Row {
  readonly merchant_id: string;
  readonly currency: string;
  readonly destinations: Readonly<Record<string, unknown>>;
  readonly payable_account_no: string;
  readonly ledger_account_id: string;
  readonly available_minor: string;
}

/** By merchant; unknown ids are missing. As of this statement: only the database's own check, at the insert, decides. */
export async function owedTo(sql: Sql, merchantIds: readonly string[]): Promise<Map<string, Owed>> {
  if (merchantIds.length === 0) return new Map();
  const { rows } = await sql.query<Row>({
    name: 'owed_to',
    text: `select m.merchant_id, m.currency, m.destinations, a.ledger_account_no as payable_account_no, a.ledger_account_id,
             b.credits_posted - b.debits_posted - b.debits_pending as available_minor
           from merchants m
           join ledger_accounts a on a.kind = 'merchant_payable' and a.currency = m.currency and a.network is null
             and a.account_id is null and a.merchant_id = m.merchant_id and a.provider is null
           join ledger_balances b on b.ledger_account_no = a.ledger_account_no
           where m.merchant_id = any($1::text[])`,
    values: [[...new Set(merchantIds)]],
  });
  return new Map(
    rows.map((row) => [
      row.merchant_id,
      { ...row, payable_account_no: Number(row.payable_account_no), available_minor: BigInt(row.available_minor) },
    ]),
  );
}
