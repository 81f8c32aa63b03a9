// Accounts over HTTP: made in one currency with a ledger account, read with their money, listed and changed.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { amountMinorSchema, currencySchema } from '../../../contracts/money.ts';
import { windowSchema } from '../../../contracts/window.ts';
import { type Account, accountKinds } from '../../accounts/account-tree.ts';
import { type Budget, changeAccount, createAccount } from '../../accounts/accounts.ts';
import { refusal } from '../../errors.ts';
import { somethingOf } from '../companies/companies.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { accountSchema, listedAccountSchema, listedAccountView, readAccountView } from './account-view.ts';

const common = { tag: 'accounts', forMerchants: false } as const;
export const accountById = z.strictObject({ account_id: idSchema('acct') });
/** Up to a thousand accounts below it are added up. */
const oneWithTree = { ...costs.one, rows: 2_000 };
const changeWithTree = { ...costs.change, rows: 2_000 };

const givenBudget = z.strictObject({ amount_minor: amountMinorSchema, window: windowSchema });
const changed = {
  name: printableText,
  credit_limit_minor: amountMinorSchema,
  parent_account_id: idSchema('acct'),
  budget: givenBudget.nullable(),
  children_may_exceed: z.boolean(),
};

function budgetOf(given: z.output<typeof givenBudget> | null): Budget | null {
  if (given === null) return null;
  const { window } = given;
  if (window.per === 'transaction' || window.per === 'rolling')
    throw refusal('field_invalid', [
      { field: 'budget.window.per', problem: 'must be day, week, month, year or lifetime' },
    ]);
  return { amount_minor: given.amount_minor, window };
}

const ofParents = [
  ...(['account_of_another_company', 'account_currency_differs', 'account_kind_differs', 'accounts_too_deep'] as const),
  ...(['accounts_too_many', 'budget_exceeds_parent', 'company_closed'] as const),
] as const;

const create = route({
  ...common,
  method: 'post',
  path: '/accounts',
  name: 'createAccount',
  cost: changeWithTree,
  summary: 'Open an account in one currency',
  description:
    'Of nobody, or of one of `company_id`, `department_id` and `employee_id`. With `parent_account_id` it stands under an account of the same company and currency, ' +
    'whose kind it has, and spends what that one has.',
  scope: 'cards:write',
  idempotency: 'optional',
  body: z.strictObject({
    name: printableText,
    currency: currencySchema,
    kind: z.enum(accountKinds).optional(),
    credit_limit_minor: z.optional(changed.credit_limit_minor),
    company_id: z.optional(idSchema('comp')),
    department_id: z.optional(idSchema('dept')),
    employee_id: z.optional(idSchema('empl')),
    parent_account_id: z.optional(changed.parent_account_id),
    budget: changed.budget.default(null),
    children_may_exceed: changed.children_may_exceed.default(false),
  }),
  answers: { status: 201, schema: accountSchema, description: 'With a ledger account of its own.' },
  errors: [
    ...(['account_not_found', 'company_not_found', 'department_not_found', 'employee_not_found'] as const),
    ...(['employee_offboarded', ...ofParents] as const),
  ],
  async handle({ body: { budget, ...body }, sql, ...call }) {
    const account_id = await createAccount(sql, { ...body, budget: budgetOf(budget) }, doerOf(call));
    return { body: await readAccountView(sql, account_id) };
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/accounts',
  name: 'listAccounts',
  cost: costs.page,
  summary: 'List accounts, those of a company, or those right below one',
  description: 'Without their money, which reading an account adds up.',
  scope: 'cards:read',
  query: z.strictObject({
    company_id: z.optional(idSchema('comp')),
    parent_account_id: z.optional(idSchema('acct')),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('acct')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ accounts: z.array(listedAccountSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor, ...wanted }, sql }) {
    const filters = Object.entries(wanted).filter(([, value]) => value !== undefined);
    const { rows } = await sql.query<Account>(
      `select * from accounts where account_id > $1 ${filters.map(([column], place) => `and ${column} = $${place + 3}`).join(' ')}
       order by account_id limit $2`,
      [cursor?.[0] ?? '', limit + 1, ...filters.map(([, value]) => value)],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.account_id);
    return { body: { accounts: rows.slice(0, limit).map(listedAccountView), next_cursor } };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/accounts/{account_id}',
  name: 'readAccount',
  cost: oneWithTree,
  summary: 'Read an account with its money',
  scope: 'cards:read',
  params: accountById,
  answers: { status: 200, schema: accountSchema, description: 'As it stands.' },
  errors: ['account_not_found'],
  async handle({ params: { account_id }, sql }) {
    return { body: await readAccountView(sql, account_id) };
  },
});

const change = route({
  ...common,
  method: 'patch',
  path: '/accounts/{account_id}',
  name: 'changeAccount',
  cost: changeWithTree,
  summary: "Change an account's name, budget, credit limit, or the account above it",
  description:
    'An account under another moves to another parent of its company, with all below it; one that has funds of its own stays at the top. `budget` null takes the budget away.',
  scope: 'cards:write',
  params: accountById,
  body: z
    .strictObject({
      name: z.optional(changed.name),
      credit_limit_minor: z.optional(changed.credit_limit_minor),
      parent_account_id: z.optional(changed.parent_account_id),
      budget: z.optional(changed.budget),
      children_may_exceed: z.optional(changed.children_may_exceed),
    })
    .refine(...somethingOf(Object.keys(changed))),
  answers: { status: 200, schema: accountSchema, description: 'As it stands now.' },
  errors: ['account_not_found', 'account_cycle', 'account_has_no_parent', ...ofParents],
  async handle({ params: { account_id }, body: { budget, ...body }, sql, ...call }) {
    const change = budget === undefined ? body : { ...body, budget: budgetOf(budget) };
    await changeAccount(sql, account_id, change, doerOf(call));
    return { body: await readAccountView(sql, account_id) };
  },
});

export const accountRoutes: readonly Route[] = [create, list, read, change];
