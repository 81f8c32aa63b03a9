// Accounts over HTTP: made in one currency with a ledger account, read with their money, and funded.

import * as z from 'zod';
import { idSchema, newId } from '../../../contracts/ids.ts';
import { amountMinorSchema, currencySchema } from '../../../contracts/money.ts';
import { recordAuditEvents } from '../../audit/audit-event.ts';
import { refusal } from '../../errors.ts';
import { createHouseAccounts } from '../../ledger/house-accounts.ts';
import { insertTransfers } from '../../ledger/transfers.ts';
import { costs } from '../http/cost.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { accountSchema, readAccountView } from './account-view.ts';

const common = { tag: 'accounts', forMerchants: false } as const;
const byId = z.strictObject({ account_id: idSchema('acct') });

const create = route({
  ...common,
  method: 'post',
  path: '/accounts',
  name: 'createAccount',
  cost: costs.change,
  summary: 'Open an account in one currency',
  scope: 'cards:write',
  idempotency: 'optional',
  body: z.strictObject({ name: printableText, currency: currencySchema }),
  answers: { status: 201, schema: accountSchema, description: 'With a ledger account of its own.' },
  errors: [],
  async handle({ body: { name, currency }, sql, ...call }) {
    const account_id = newId('acct');
    await sql.query('insert into accounts (account_id, name, currency) values ($1, $2, $3)', [
      account_id,
      name,
      currency,
    ]);
    await sql.query(
      `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', $2, $3)`,
      [newId('lac'), currency, account_id],
    );
    const audited = { action: 'account.created', subject: account_id, merchant_id: null, reason: currency };
    await recordAuditEvents(sql, [{ ...doerOf(call), ...audited }]);
    return { body: await readAccountView(sql, account_id) };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/accounts/{account_id}',
  name: 'readAccount',
  cost: costs.one,
  summary: 'Read an account with its money',
  scope: 'cards:read',
  params: byId,
  answers: { status: 200, schema: accountSchema, description: 'As it stands.' },
  errors: ['account_not_found'],
  async handle({ params: { account_id }, sql }) {
    return { body: await readAccountView(sql, account_id) };
  },
});

const fund = route({
  ...common,
  method: 'post',
  path: '/accounts/{account_id}/fundings',
  name: 'fundAccount',
  cost: costs.change,
  summary: 'Money comes in: debit the funding source, credit the account',
  description: 'Without an Idempotency-Key a repeat is a second funding.',
  scope: 'ledger:write',
  idempotency: 'optional',
  params: byId,
  body: z.strictObject({ amount_minor: amountMinorSchema.check(z.gte(1)) }),
  answers: {
    status: 201,
    schema: z.strictObject({ transfer_id: idSchema('trf'), account: accountSchema }),
    description: 'Posted.',
  },
  errors: ['account_not_found'],
  async handle({ params: { account_id }, body: { amount_minor }, sql, ...call }) {
    const { rows } = await sql.query<{ ledger_account_no: string; currency: string }>(
      'select ledger_account_no, currency from ledger_accounts where account_id = $1',
      [account_id],
    );
    const [target] = rows;
    if (target === undefined) throw refusal('account_not_found');
    const { currency } = target;
    const source = { kind: 'funding_source', currency, network: null } as const;
    // In this transaction, and forgotten with it: a second connection for it could be waited for in a circle.
    const house = createHouseAccounts(sql);
    await house.ensure([source]);
    const [transfer_id] = await insertTransfers(sql, [
      {
        ...{ debit_account_no: house.numberOf(source), credit_account_no: Number(target.ledger_account_no) },
        ...{ amount_minor: BigInt(amount_minor), currency, kind: 'direct', event_at_ms: Date.now(), event: null },
      },
    ]);
    const reason = `${amount_minor} ${currency}: ${transfer_id}`;
    await recordAuditEvents(sql, [
      { ...doerOf(call), action: 'account.funded', subject: account_id, merchant_id: null, reason },
    ]);
    return { body: { transfer_id, account: await readAccountView(sql, account_id) } };
  },
});

export const accountRoutes: readonly Route[] = [create, read, fund];
