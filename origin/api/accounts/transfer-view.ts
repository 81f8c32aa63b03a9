// Transfers as the API shows them: the two ledger accounts by their ids.

import { type InferSelectModel, inArray } from 'drizzle-orm';
import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import type { Database } from '../../db/client.ts';
import { ledger_accounts, type ledger_transfers } from '../../db/tables/ledger.ts';

const side = z.strictObject({ ledger_account_id: idSchema('lac'), kind: z.string() });

export const transferSchema = z.strictObject({
  transfer_id: idSchema('trf'),
  kind: z.enum(['pending', 'post', 'void', 'direct']),
  debit: side,
  credit: side,
  amount_minor: z.bigint(),
  currency: currencySchema,
  authorization_id: z.nullable(idSchema('auth')),
  settlement_id: z.nullable(idSchema('stl')),
  event_id: z.nullable(idSchema('evt')),
  event_at_ms: z.int(),
  booked_at_ms: z.int(),
});

type TransferRow = InferSelectModel<typeof ledger_transfers>;

export async function transferViews(orm: Database['orm'], rows: readonly TransferRow[]) {
  const numbers = [
    ...new Set(rows.flatMap(({ debit_account_no, credit_account_no }) => [debit_account_no, credit_account_no])),
  ];
  const named = await orm
    .select({
      no: ledger_accounts.ledger_account_no,
      id: ledger_accounts.ledger_account_id,
      kind: ledger_accounts.kind,
    })
    .from(ledger_accounts)
    .where(inArray(ledger_accounts.ledger_account_no, numbers));
  const accountOf = (number: bigint) => {
    const account = named.find(({ no }) => no === number);
    if (account === undefined) throw new Error('a transfer names a ledger account that does not exist');
    return { ledger_account_id: account.id, kind: account.kind };
  };
  return rows.map((row) => ({
    transfer_id: row.transfer_id,
    kind: row.kind,
    debit: accountOf(row.debit_account_no),
    credit: accountOf(row.credit_account_no),
    amount_minor: row.amount_minor,
    currency: row.currency,
    authorization_id: row.authorization_id,
    settlement_id: row.settlement_id,
    event_id: row.event_id,
    sequence: row.sequence,
    event_at_ms: row.event_at_ms,
    booked_at_ms: row.booked_at.getTime(),
  }));
}
