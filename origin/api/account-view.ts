// An account as the API shows it.

import { eq } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { accounts, ledger_accounts, ledger_balances } from '../db/schema.ts';
import { fundsOf } from '../ledger/balances.ts';
import { refusal } from './errors.ts';

export async function readAccountView(orm: Database['orm'], accountId: string) {
  const [row] = await orm
    .select()
    .from(accounts)
    .innerJoin(ledger_accounts, eq(ledger_accounts.account_id, accounts.account_id))
    .innerJoin(ledger_balances, eq(ledger_balances.ledger_account_no, ledger_accounts.ledger_account_no))
    .where(eq(accounts.account_id, accountId));
  if (row === undefined) throw refusal('account_not_found');
  const { account_id, name, currency, created_at } = row.accounts;
  return {
    account_id,
    name,
    currency,
    ...fundsOf(row.ledger_balances),
    ledger_account_id: row.ledger_accounts.ledger_account_id,
    created_at_ms: created_at.getTime(),
  };
}
