// GET /ledger/accounts/:ledger_account_id: what it is, and its balances.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { ledger_accounts, ledger_balances } from '../db/schema.ts';
import { balancesOf } from '../ledger/balances.ts';
import { answer } from './answer.ts';
import { refusal } from './errors.ts';
import { pathId } from './read-request.ts';

export function readLedgerAccount({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const [row] = await orm
      .select()
      .from(ledger_accounts)
      .innerJoin(ledger_balances, eq(ledger_balances.ledger_account_no, ledger_accounts.ledger_account_no))
      .where(
        eq(ledger_accounts.ledger_account_id, pathId(context, 'lac', 'ledger_account_id', 'ledger_account_not_found')),
      );
    if (row === undefined) throw refusal('ledger_account_not_found');
    const { ledger_account_id, kind, currency, account_id, network, created_at } = row.ledger_accounts;
    const created_at_ms = created_at.getTime();
    const balances = balancesOf(row.ledger_balances);
    return answer(context, { ledger_account_id, kind, currency, account_id, network, balances, created_at_ms });
  };
}
