// The lines of an account's own transfers, the newest first: what brought money, what spent it, what held it and gave it back.

import type { Sql } from '../db/client.ts';

export interface Line {
  readonly transfer_no: string;
  readonly transfer_id: string;
  readonly kind: 'pending' | 'post' | 'void' | 'direct';
  /** Above nothing: into the account. */
  readonly amount_minor: string;
  readonly counterparty: string;
  readonly authorization_id: string | null;
  readonly event_at_ms: string;
  readonly booked_at: Date;
}

export interface Lines {
  readonly account_id: string;
  /** From this number of a transfer downwards, without it; null: from the newest. */
  readonly below: string | null;
  readonly limit: number;
}

/** Each side by its own index, then the newer of the two: `or` over both columns would sort the account's whole history. */
export async function readLines(sql: Sql, { account_id, below, limit }: Lines): Promise<readonly Line[]> {
  const side = (own: string, other: string, sign: string) => `
    (select transfer_no, transfer_id, kind, ${sign} amount_minor as amount_minor, ${other} as other_no, authorization_id, event_at_ms, booked_at
     from ledger_transfers where ${own} = (select ledger_account_no from ledger_accounts where account_id = $1)
       and ($2::bigint is null or transfer_no < $2::bigint)
     order by transfer_no desc limit $3)`;
  const { rows } = await sql.query<Line>(
    `select line.*, o.kind as counterparty
     from (${side('debit_account_no', 'credit_account_no', '-')} union all ${side('credit_account_no', 'debit_account_no', '')}) as line
     join ledger_accounts o on o.ledger_account_no = line.other_no
     order by transfer_no desc limit $3`,
    [account_id, below, limit],
  );
  return rows;
}
