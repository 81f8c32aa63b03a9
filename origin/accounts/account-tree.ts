// Accounts stand in trees: a company's account, under it budgets of departments, under them of employees. All of a tree spend the money of the
// account at its top, so its figures are sums over the tree: at most a thousand accounts, ten deep.

import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';

export const accountKinds = ['prefunded', 'credit', 'network'] as const;

export interface Account {
  readonly account_id: string;
  readonly name: string;
  readonly currency: string;
  readonly kind: (typeof accountKinds)[number];
  readonly credit_limit_minor: string | null;
  readonly company_id: string | null;
  readonly department_id: string | null;
  readonly employee_id: string | null;
  readonly parent_account_id: string | null;
  readonly budget_minor: string | null;
  readonly budget_window: object | null;
  readonly children_may_exceed: boolean;
  readonly created_at: Date;
}

const deepMax = 10;
const belowMax = 1_000;

export async function findAccount(sql: Sql, accountId: string): Promise<Account> {
  const { rows } = await sql.query<Account>('select * from accounts where account_id = $1', [accountId]);
  const [account] = rows;
  if (account === undefined) throw refusal('account_not_found');
  return account;
}

/** The account and all above it, itself first; the last is the top of its tree. */
export async function pathUp(sql: Sql, accountId: string): Promise<readonly [string, ...string[]]> {
  const { rows } = await sql.query<{ account_id: string }>(
    `with recursive up as (
       select account_id, parent_account_id, 1 as level from accounts where account_id = $1
       union all
       select a.account_id, a.parent_account_id, up.level + 1
       from up join accounts a on a.account_id = up.parent_account_id where up.level <= $2
     )
     select account_id from up order by level`,
    [accountId, deepMax],
  );
  const [first, ...above] = rows.map(({ account_id }) => account_id);
  if (first === undefined) throw refusal('account_not_found');
  return [first, ...above];
}

/** SQL: the account `$1` and all below it, with their level; it is on level 1. */
export const treeBelow = `
  with recursive tree as (
    select account_id, 1 as level from accounts where account_id = $1
    union all
    select a.account_id, tree.level + 1 from tree join accounts a on a.parent_account_id = tree.account_id where tree.level <= ${deepMax}
  )`;

async function sizeOf(sql: Sql, accountId: string): Promise<{ readonly levels: number; readonly accounts: number }> {
  const { rows } = await sql.query<{ levels: number; accounts: number }>(
    `${treeBelow} select max(level)::int as levels, count(*)::int as accounts from tree`,
    [accountId],
  );
  return rows[0] ?? { levels: 1, accounts: 1 };
}

/**
 * Whether an account, with what is below it, may stand right under another; null: a new account, with nothing below it. The caller holds the
 * company's lock, so that two moves at once make no circle.
 */
export async function assertMayStandUnder(sql: Sql, moved: Account | null, parent: Account): Promise<void> {
  const above = await pathUp(sql, parent.account_id);
  if (moved !== null && above.includes(moved.account_id)) throw refusal('account_cycle');
  const size = moved === null ? { levels: 1, accounts: 1 } : await sizeOf(sql, moved.account_id);
  if (above.length + size.levels > deepMax) throw refusal('accounts_too_deep');
  const top = above.at(-1) ?? parent.account_id;
  // Moved within its tree, it is counted already.
  const more = moved !== null && (await pathUp(sql, moved.account_id)).at(-1) === top ? 0 : size.accounts;
  if ((await sizeOf(sql, top)).accounts - 1 + more > belowMax) throw refusal('accounts_too_many');
}
