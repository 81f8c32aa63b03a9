// POST /accounts/:account_id/fundings: money comes in. Debit the funding source, credit the cardholder. Not idempotent yet:
// a repeat is a second funding.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { amountMinorSchema } from '../../contracts/money.ts';
import type { Database } from '../db/client.ts';
import { ledger_accounts } from '../db/schema.ts';
import type { HouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { readAccountView } from './account-view.ts';
import { answer } from './answer.ts';
import { refusal } from './errors.ts';
import { pathId, readBody } from './read-request.ts';

const bodySchema = z.strictObject({ amount_minor: amountMinorSchema.check(z.gte(1)) });

export function fundAccount({ database, house }: { database: Database; house: HouseAccounts }) {
  return async (context: Context): Promise<Response> => {
    const { amount_minor } = await readBody(context, bodySchema);
    const account_id = pathId(context, 'acct', 'account_id', 'account_not_found');
    const [target] = await database.orm
      .select()
      .from(ledger_accounts)
      .where(eq(ledger_accounts.account_id, account_id));
    if (target === undefined) throw refusal('account_not_found');
    const source = { kind: 'funding_source', currency: target.currency, network: null } as const;
    await house.ensure([source]);
    const [transfer_id] = await database.transaction((sql) =>
      insertTransfers(sql, [
        {
          debit_account_no: house.numberOf(source),
          credit_account_no: Number(target.ledger_account_no),
          amount_minor: BigInt(amount_minor),
          currency: target.currency,
          kind: 'direct',
          event_at_ms: Date.now(),
          event: null,
        },
      ]),
    );
    return answer(context, { transfer_id, account: await readAccountView(database.orm, account_id) }, 201);
  };
}
