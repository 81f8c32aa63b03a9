// The ledger over HTTP: an account with its balances, and its transfers of both sides, the newest first.

import { and, desc, eq, lt } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import type { Database } from '../../db/client.ts';
import { ledger_accounts, ledger_balances, ledger_transfers } from '../../db/tables/ledger.ts';
import { refusal } from '../../errors.ts';
import { balancesOf } from '../../ledger/balances.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';
import { transferSchema, transferViews } from './transfer-view.ts';

const common = {
  method: 'get',
  tag: 'ledger',
  scope: 'ledger:read',
  forMerchants: false,
  params: z.strictObject({ ledger_account_id: idSchema('lac') }),
  errors: ['ledger_account_not_found'],
} as const;

const ledgerAccountSchema = z.strictObject({
  ledger_account_id: idSchema('lac'),
  kind: z.enum([
    'cardholder',
    'network_clearing',
    'funding_source',
    'suspense',
    'merchant_payable',
    'provider_transit',
  ]),
  currency: currencySchema,
  account_id: z.nullable(idSchema('acct')),
  network: z.string().nullable(),
  merchant_id: z.nullable(idSchema('mrch')),
  provider: z.string().nullable(),
  balances: z.strictObject({
    debits_pending_minor: z.bigint(),
    credits_pending_minor: z.bigint(),
    debits_posted_minor: z.bigint(),
    credits_posted_minor: z.bigint(),
  }),
  created_at_ms: z.int(),
});

function read({ orm }: Database): Route {
  return route({
    ...common,
    path: '/ledger/accounts/{ledger_account_id}',
    name: 'readLedgerAccount',
    cost: costs.one,
    summary: 'Read a ledger account and its balances',
    answers: { status: 200, schema: ledgerAccountSchema, description: 'As it stands.' },
    async handle({ params }) {
      const [row] = await orm
        .select()
        .from(ledger_accounts)
        .innerJoin(ledger_balances, eq(ledger_balances.ledger_account_no, ledger_accounts.ledger_account_no))
        .where(eq(ledger_accounts.ledger_account_id, params.ledger_account_id));
      if (row === undefined) throw refusal('ledger_account_not_found');
      const { ledger_account_id, kind, currency, account_id, network, merchant_id, provider } = row.ledger_accounts;
      return {
        body: {
          ...{ ledger_account_id, kind, currency, account_id, network, merchant_id, provider },
          balances: balancesOf(row.ledger_balances),
          created_at_ms: row.ledger_accounts.created_at.getTime(),
        },
      };
    },
  });
}

const cursor = cursorSchema(z.tuple([cursorNumber.transform(BigInt)]));

function transfers({ orm }: Database): Route {
  return route({
    ...common,
    path: '/ledger/accounts/{ledger_account_id}/transfers',
    name: 'listLedgerTransfers',
    cost: costs.fullPage,
    summary: "List a ledger account's transfers, the newest first",
    query: z.strictObject({ limit: limitSchema, cursor }),
    answers: {
      status: 200,
      schema: z.strictObject({ transfers: z.array(transferSchema), next_cursor: z.string().nullable() }),
      description: 'A page of both sides; `next_cursor` null on the last.',
    },
    async handle({ params, query }) {
      const [account] = await orm
        .select()
        .from(ledger_accounts)
        .where(eq(ledger_accounts.ledger_account_id, params.ledger_account_id));
      if (account === undefined) throw refusal('ledger_account_not_found');
      const { limit } = query;
      const page = await readPage(orm, account.ledger_account_no, { before: query.cursor?.[0], limit: limit + 1 });
      const last = page.length > limit ? page[limit - 1] : undefined;
      const views = await transferViews(orm, page.slice(0, limit));
      return {
        body: {
          transfers: views.map(({ sequence: _, ...view }) => view),
          next_cursor: last === undefined ? null : cursorOf(last.transfer_no),
        },
      };
    },
  });
}

/** Each side by its own index, then the newer of the two: `or` over both columns would sort the account's whole history. */
async function readPage(
  orm: Database['orm'],
  accountNo: bigint,
  { before, limit }: { before: bigint | undefined; limit: number },
) {
  const side = (column: typeof ledger_transfers.debit_account_no | typeof ledger_transfers.credit_account_no) =>
    orm
      .select()
      .from(ledger_transfers)
      .where(and(eq(column, accountNo), before === undefined ? undefined : lt(ledger_transfers.transfer_no, before)))
      .orderBy(desc(ledger_transfers.transfer_no))
      .limit(limit);
  return await unionAll(side(ledger_transfers.debit_account_no), side(ledger_transfers.credit_account_no))
    .orderBy(desc(ledger_transfers.transfer_no))
    .limit(limit);
}

export function ledgerRoutes(database: Database): readonly Route[] {
  return [read(database), transfers(database)];
}
