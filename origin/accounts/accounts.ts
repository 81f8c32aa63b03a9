// Accounts: whose money cards spend. Made in one currency with an account of the ledger; under another account or on their own, which never
// changes; with a budget, or without. No card is declined by a budget yet: that is the edge's, and comes with shares.

import { type Id, newId } from '../../contracts/ids.ts';
import type { CalendarWindow } from '../../core/windows/windows.ts';
import type { Doer } from '../audit/audit-event.ts';
import { audit, given, lockOpenCompany, namesOf } from '../companies/companies.ts';
import { findDepartment } from '../companies/departments.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { type Account, assertMayStandUnder, findAccount } from './account-tree.ts';

export interface Budget {
  readonly amount_minor: number;
  readonly window: CalendarWindow;
}

/** One of them: the company for all of it, or a department or an employee of one. */
export interface Owner {
  readonly company_id?: string | undefined;
  readonly department_id?: string | undefined;
  readonly employee_id?: string | undefined;
}

export interface NewAccount extends Owner {
  readonly name: string;
  readonly currency: string;
  readonly kind?: Account['kind'] | undefined;
  readonly credit_limit_minor?: number | undefined;
  readonly parent_account_id?: string | undefined;
  readonly budget: Budget | null;
  readonly children_may_exceed: boolean;
}

export async function createAccount(sql: Sql, account: NewAccount, doer: Doer): Promise<Id<'acct'>> {
  const { name, currency, parent_account_id, credit_limit_minor, budget, children_may_exceed } = account;
  const owner = await ownerOf(sql, account);
  const parent = parent_account_id === undefined ? null : await findAccount(sql, parent_account_id);
  const company_id = owner.company_id ?? parent?.company_id ?? null;
  if (company_id !== null) await lockOpenCompany(sql, company_id, 'shape');
  const kind = account.kind ?? parent?.kind ?? 'network';
  assertLimit(kind, parent, credit_limit_minor);
  if (parent !== null) {
    assertAlike({ company_id, currency, kind }, parent);
    await assertMayStandUnder(sql, null, parent);
    // As it is under the lock.
    assertWithin(budget?.amount_minor ?? null, await findAccount(sql, parent.account_id));
  }
  const account_id = newId('acct');
  await sql.query(
    `insert into accounts (account_id, name, currency, kind, credit_limit_minor, company_id, department_id, employee_id,
       parent_account_id, budget_minor, budget_window, children_may_exceed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      ...[account_id, name, currency, kind, credit_limit_minor ?? null],
      ...[company_id, owner.department_id, owner.employee_id, parent_account_id ?? null],
      ...[budget?.amount_minor ?? null, budget && JSON.stringify(budget.window), children_may_exceed],
    ],
  );
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', $2, $3)`,
    [newId('lac'), currency, account_id],
  );
  await audit(sql, doer, { action: 'account.created', subject: account_id, reason: currency });
  return account_id;
}

async function ownerOf(sql: Sql, { company_id, department_id, employee_id }: Owner) {
  const named = { company_id, department_id, employee_id };
  const said = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const [, second] = said;
  if (second !== undefined)
    throw refusal('field_invalid', [
      { field: second, problem: `stands beside ${said[0]}: give one owner, its company follows` },
    ]);
  const none = {
    company_id: company_id ?? null,
    department_id: department_id ?? null,
    employee_id: employee_id ?? null,
  };
  if (department_id !== undefined)
    return { ...none, company_id: (await findDepartment(sql, department_id)).company_id };
  if (employee_id === undefined) return none;
  const { rows } = await sql.query<{ company_id: string; status: string }>(
    'select company_id, status from employees where employee_id = $1',
    [employee_id],
  );
  const [employee] = rows;
  if (employee === undefined) throw refusal('employee_not_found');
  if (employee.status !== 'active') throw refusal('employee_offboarded');
  return { ...none, company_id: employee.company_id };
}

function assertLimit(kind: Account['kind'], parent: Account | null, limit: number | undefined): void {
  const field = 'credit_limit_minor';
  if (parent === null && kind === 'credit' && limit === undefined)
    throw refusal('field_invalid', [{ field, problem: 'is missing: a credit account has a limit' }]);
  if (limit !== undefined && (parent !== null || kind !== 'credit'))
    throw refusal('field_invalid', [{ field, problem: 'is of a credit account that stands on its own' }]);
}

type Alike = Pick<Account, 'company_id' | 'currency' | 'kind'>;

function assertAlike({ company_id, currency, kind }: Alike, parent: Account): void {
  if (parent.company_id === null || company_id !== parent.company_id) throw refusal('account_of_another_company');
  if (currency !== parent.currency) throw refusal('account_currency_differs');
  if (kind !== parent.kind) throw refusal('account_kind_differs');
}

/** By the amounts alone, whatever the windows: 300 a week may stand under 400 a month, 500 a week may not. */
function assertWithin(budgetMinor: number | bigint | null, parent: Account): void {
  if (budgetMinor === null || parent.budget_minor === null || parent.children_may_exceed) return;
  if (BigInt(budgetMinor) > BigInt(parent.budget_minor)) throw refusal('budget_exceeds_parent');
}

export interface AccountChange {
  readonly name?: string | undefined;
  readonly parent_account_id?: string | undefined;
  readonly credit_limit_minor?: number | undefined;
  readonly budget?: Budget | null | undefined;
  readonly children_may_exceed?: boolean | undefined;
}

export async function changeAccount(sql: Sql, accountId: string, change: AccountChange, doer: Doer): Promise<void> {
  const { company_id } = await findAccount(sql, accountId);
  const renames = Object.keys(given(change)).every((name) => name === 'name');
  if (company_id !== null && !renames) await lockOpenCompany(sql, company_id, 'shape');
  const before = await findAccount(sql, accountId);
  const { budget, ...said } = given(change);
  const after: Account = {
    ...before,
    ...said,
    credit_limit_minor: said.credit_limit_minor?.toString() ?? before.credit_limit_minor,
    ...(budget === undefined
      ? {}
      : { budget_minor: budget?.amount_minor.toString() ?? null, budget_window: budget?.window ?? null }),
  };
  if (said.credit_limit_minor !== undefined) {
    const parent = before.parent_account_id === null ? null : before;
    assertLimit(before.kind, parent, said.credit_limit_minor);
  }
  await assertStands(sql, before, after);
  await sql.query(
    `update accounts set name = $2, parent_account_id = $3, credit_limit_minor = $4, budget_minor = $5, budget_window = $6,
       children_may_exceed = $7 where account_id = $1`,
    [
      ...[accountId, after.name, after.parent_account_id, after.credit_limit_minor, after.budget_minor],
      ...[after.budget_window && JSON.stringify(after.budget_window), after.children_may_exceed],
    ],
  );
  await audit(sql, doer, { action: 'account.changed', subject: accountId, reason: namesOf(change) });
}

/** Under its parent, and over those right below it. */
async function assertStands(sql: Sql, before: Account, after: Account): Promise<void> {
  if (after.parent_account_id !== null) {
    if (before.parent_account_id === null) throw refusal('account_has_no_parent');
    const parent = await findAccount(sql, after.parent_account_id);
    if (after.parent_account_id !== before.parent_account_id) {
      assertAlike(after, parent);
      await assertMayStandUnder(sql, before, parent);
    }
    assertWithin(after.budget_minor === null ? null : BigInt(after.budget_minor), parent);
  }
  const { rows } = await sql.query<{ largest: string | null }>(
    'select max(budget_minor) as largest from accounts where parent_account_id = $1',
    [after.account_id],
  );
  const largest = rows[0]?.largest ?? null;
  assertWithin(largest === null ? null : BigInt(largest), after);
}
