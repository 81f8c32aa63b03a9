// GET /ledger/accounts/:ledger_account_id/transfers?limit=&cursor=: both sides, the newest first.

import { and, desc, eq, lt } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Context } from 'hono';
import * as z from 'zod';
import type { Database } from '../db/client.ts';
import { ledger_accounts, ledger_transfers } from '../db/schema.ts';
import { answer } from './answer.ts';
import { cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { refusal } from './errors.ts';
import { inShape, pathId } from './read-request.ts';
import { transferViews } from './transfer-view.ts';

const querySchema = z.strictObject({
  limit: limitSchema,
  cursor: cursorSchema(
    z.tuple([
      z
        .string()
        .regex(/^\d{1,18}$/)
        .transform(BigInt),
    ]),
  ),
});

export function listLedgerTransfers({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { limit, cursor } = inShape(querySchema, context.req.query());
    const [account] = await orm
      .select()
      .from(ledger_accounts)
      .where(
        eq(ledger_accounts.ledger_account_id, pathId(context, 'lac', 'ledger_account_id', 'ledger_account_not_found')),
      );
    if (account === undefined) throw refusal('ledger_account_not_found');
    // Each side by its own index, then the newer of the two: `or` over both columns would sort the account's whole history.
    const side = (column: typeof ledger_transfers.debit_account_no | typeof ledger_transfers.credit_account_no) =>
      orm
        .select()
        .from(ledger_transfers)
        .where(
          and(
            eq(column, account.ledger_account_no),
            cursor === undefined ? undefined : lt(ledger_transfers.transfer_no, cursor[0]),
          ),
        )
        .orderBy(desc(ledger_transfers.transfer_no))
        .limit(limit + 1);
    const rows = await unionAll(side(ledger_transfers.debit_account_no), side(ledger_transfers.credit_account_no))
      .orderBy(desc(ledger_transfers.transfer_no))
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return answer(context, {
      transfers: (await transferViews(orm, page)).map(({ sequence: _, ...view }) => view),
      next_cursor: rows.length > limit && last !== undefined ? cursorOf(last.transfer_no) : null,
    });
  };
}
