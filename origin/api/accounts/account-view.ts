// An account as the API shows it.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import { windowSchema } from '../../../contracts/window.ts';
import { type Account, accountKinds, findAccount, pathUp } from '../../accounts/account-tree.ts';
import { fundsOfTree } from '../../accounts/funds.ts';
import type { Sql } from '../../db/client.ts';

export const budgetOfAccountSchema = z.strictObject({ amount_minor: z.bigint(), window: windowSchema });

const members = {
  account_id: idSchema('acct'),
  name: z.string(),
  currency: currencySchema,
  /** `prefunded`: what was paid in; `credit`: that, and a limit; `network`: the card's processor holds the money. */
  kind: z.enum(accountKinds),
  /** How far below nothing it may go. Null: it is no credit account, or under another. */
  credit_limit_minor: z.bigint().nullable(),
  company_id: z.nullable(idSchema('comp')),
  department_id: z.nullable(idSchema('dept')),
  employee_id: z.nullable(idSchema('empl')),
  /** Null: it has funds of its own. Otherwise it spends those of the account at the top. */
  parent_account_id: z.nullable(idSchema('acct')),
  /** What may be spent from it and below it in each window. No card is declined by it yet. */
  budget: budgetOfAccountSchema.nullable(),
  /** Whether budgets right below it may be larger than its own. */
  children_may_exceed: z.boolean(),
  created_at_ms: z.int(),
};

/** In a list: without its money, which is read account by account. */
export const listedAccountSchema = z.strictObject(members);

export const accountSchema = z.strictObject({
  ...members,
  /** What came in, less what is spent, of this account and all below it. */
  balance_minor: z.bigint(),
  held_minor: z.bigint(),
  /** What the books leave to spend at the top of its tree: balance and credit limit, less what is held. */
  available_minor: z.bigint(),
  ledger_account_id: idSchema('lac'),
});

export function listedAccountView({ created_at, budget_minor, budget_window, ...account }: Account) {
  const { account_id, name, currency, kind, children_may_exceed, credit_limit_minor } = account;
  const { company_id, department_id, employee_id, parent_account_id } = account;
  return {
    ...{
      account_id,
      name,
      currency,
      kind,
      company_id,
      department_id,
      employee_id,
      parent_account_id,
      children_may_exceed,
    },
    credit_limit_minor: credit_limit_minor === null ? null : BigInt(credit_limit_minor),
    budget: budget_minor === null ? null : { amount_minor: BigInt(budget_minor), window: budget_window },
    created_at_ms: created_at.getTime(),
  };
}

export async function readAccountView(sql: Sql, accountId: string) {
  const account = await findAccount(sql, accountId);
  const { rows } = await sql.query<{ ledger_account_id: string }>(
    'select ledger_account_id from ledger_accounts where account_id = $1',
    [accountId],
  );
  const funds = await fundsOfTree(sql, accountId);
  const top = account.parent_account_id === null ? account : await topOf(sql, accountId);
  const ofTop = top === account ? funds : await fundsOfTree(sql, top.account_id);
  return {
    ...listedAccountView(account),
    ...funds,
    available_minor: ofTop.balance_minor - ofTop.held_minor + BigInt(top.credit_limit_minor ?? 0),
    ledger_account_id: rows[0]?.ledger_account_id ?? '',
  };
}

async function topOf(sql: Sql, accountId: string): Promise<Account> {
  const path = await pathUp(sql, accountId);
  return await findAccount(sql, path.at(-1) ?? accountId);
}
