// Money into an account and out of it, over HTTP. Each is one transfer of the ledger; Atlas moves no money: it writes that it was moved.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { deposit, withdraw } from '../../accounts/funds.ts';
import { costs } from '../http/cost.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { accountSchema, readAccountView } from './account-view.ts';
import { accountById } from './accounts.ts';

const common = {
  method: 'post',
  tag: 'accounts',
  forMerchants: false,
  cost: { ...costs.change, rows: 2_000 },
  scope: 'ledger:write',
  params: accountById,
  body: z.strictObject({ amount_minor: amountMinorSchema.check(z.gte(1)) }),
  answers: {
    status: 201,
    schema: z.strictObject({ transfer_id: idSchema('trf'), account: accountSchema }),
    description: 'Posted.',
  },
} as const;

const fund = route({
  ...common,
  path: '/accounts/{account_id}/fundings',
  name: 'fundAccount',
  summary: 'Money comes in: debit the funding source, credit the account',
  description: 'Without an Idempotency-Key a repeat is a second funding.',
  idempotency: 'optional',
  errors: ['account_not_found', 'account_has_parent', 'company_closed'],
  async handle({ params: { account_id }, body: { amount_minor }, sql, ...call }) {
    const transfer_id = await deposit(sql, { account_id, amount_minor }, doerOf(call));
    return { body: { transfer_id, account: await readAccountView(sql, account_id) } };
  },
});

const takeOut = route({
  ...common,
  path: '/accounts/{account_id}/withdrawals',
  name: 'withdrawFromAccount',
  summary: 'Money goes out: debit the account, credit the funding source',
  description:
    'What is held by purchases cannot be withdrawn, nor what a credit limit allows: only what came in and is not spent.',
  idempotency: 'required',
  errors: ['account_not_found', 'account_has_parent', 'amount_not_available'],
  async handle({ params: { account_id }, body: { amount_minor }, sql, ...call }) {
    const transfer_id = await withdraw(sql, { account_id, amount_minor }, doerOf(call));
    return { body: { transfer_id, account: await readAccountView(sql, account_id) } };
  },
});

export const accountFundingRoutes: readonly Route[] = [fund, takeOut];
