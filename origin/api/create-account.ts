// POST /accounts: an account in one currency, with its ledger account.

import type { Context } from 'hono';
import * as z from 'zod';
import { newId } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { currencySchema } from '../../contracts/money.ts';
import type { Database } from '../db/client.ts';
import { accounts, ledger_accounts } from '../db/schema.ts';
import { readAccountView } from './account-view.ts';
import { answer } from './answer.ts';
import { readBody } from './read-request.ts';

/** Text that people read: no control characters, which would forge log lines, and no half of a surrogate pair. */
export const nameSchema = z
  .string()
  .min(1)
  .max(limits.textLengthMax)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must be printable text');

const bodySchema = z.strictObject({ name: nameSchema, currency: currencySchema });

export function createAccount({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { name, currency } = await readBody(context, bodySchema);
    const account_id = newId('acct');
    await orm.transaction(async (tx) => {
      await tx.insert(accounts).values({ account_id, name, currency });
      await tx
        .insert(ledger_accounts)
        .values({ ledger_account_id: newId('lac'), kind: 'cardholder', currency, account_id });
    });
    return answer(context, await readAccountView(orm, account_id), 201);
  };
}
