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
  /** What open items keep from being paid (migrations/0015); may be more than is available. */
  readonly withheld_minor: bigint;
  /** What was refunded beyond what is owed: later clearings make it good before anything is owed again. */
  readonly deficit_minor: bigint;
  /** What may be asked for: available less withheld, and not below 0. */
  readonly payable_minor: bigint;
}

interface Row {
  readonly merchant_id: string;
  readonly currency: string;
  readonly destinations: Readonly<Record<string, unknown>>;
  readonly payable_account_no: string;
  readonly ledger_account_id: string;
  readonly available_minor: string;
  readonly withheld_minor: string;
  readonly deficit_minor: string;
}

/** By merchant; unknown ids are missing. As of this statement: only the database's own check, at the insert, decides. */
export async function owedTo(sql: Sql, merchantIds: readonly string[]): Promise<Map<string, Owed>> {
  if (merchantIds.length === 0) return new Map();
  const { rows } = await sql.query<Row>({
    name: 'owed_to',
    text: `select m.merchant_id, m.currency, m.destinations, a.ledger_account_no as payable_account_no, a.ledger_account_id,
             b.credits_posted - b.debits_posted - b.debits_pending as available_minor,
             (select coalesce(sum(w.amount_minor), 0) from withheld_amounts w
              join open_items i on i.kind = w.kind and i.item_key = w.item_key and i.status = 'open'
              where w.merchant_id = m.merchant_id) as withheld_minor,
             coalesce((select d.deficit_minor from merchant_accruals d where d.merchant_id = m.merchant_id), 0) as deficit_minor
           from merchants m
           join ledger_accounts a on a.kind = 'merchant_payable' and a.currency = m.currency and a.network is null
             and a.account_id is null and a.merchant_id = m.merchant_id and a.provider is null
           join ledger_balances b on b.ledger_account_no = a.ledger_account_no
           where m.merchant_id = any($1::text[])`,
    values: [[...new Set(merchantIds)]],
  });
  return new Map(rows.map((row) => [row.merchant_id, owedOf(row)]));
}

function owedOf(row: Row): Owed {
  const [available_minor, withheld_minor] = [BigInt(row.available_minor), BigInt(row.withheld_minor)];
  const rest = available_minor - withheld_minor;
  const payable_minor = rest > 0n ? rest : 0n;
  return {
    ...row,
    payable_account_no: Number(row.payable_account_no),
    ...{ available_minor, withheld_minor, payable_minor, deficit_minor: BigInt(row.deficit_minor) },
  };
}
