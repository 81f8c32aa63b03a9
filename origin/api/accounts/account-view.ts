// An account as the API shows it.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { fundsOf } from '../../ledger/balances.ts';

export const accountSchema = z.strictObject({
  account_id: idSchema('acct'),
  name: z.string(),
  currency: currencySchema,
  /** What came in, less what is spent. */
  balance_minor: z.bigint(),
  held_minor: z.bigint(),
  available_minor: z.bigint(),
  ledger_account_id: idSchema('lac'),
  created_at_ms: z.int(),
});

interface AccountRow {
  readonly account_id: string;
  readonly name: string;
  readonly currency: string;
  readonly created_at: Date;
  readonly ledger_account_id: string;
  readonly debits_pending: string;
  readonly debits_posted: string;
  readonly credits_pending: string;
  readonly credits_posted: string;
}

export async function readAccountView(sql: Sql, accountId: string) {
  const { rows } = await sql.query<AccountRow>(
    `select a.account_id, a.name, a.currency, a.created_at, l.ledger_account_id,
       b.debits_pending, b.debits_posted, b.credits_pending, b.credits_posted
     from accounts a
     join ledger_accounts l on l.account_id = a.account_id
     join ledger_balances b on b.ledger_account_no = l.ledger_account_no
     where a.account_id = $1`,
    [accountId],
  );
  const [row] = rows;
  if (row === undefined) throw refusal('account_not_found');
  const { account_id, name, currency, ledger_account_id, created_at } = row;
  const funds = fundsOf({
    debits_pending: BigInt(row.debits_pending),
    debits_posted: BigInt(row.debits_posted),
    credits_pending: BigInt(row.credits_pending),
    credits_posted: BigInt(row.credits_posted),
  });
  return { account_id, name, currency, ...funds, ledger_account_id, created_at_ms: created_at.getTime() };
}
