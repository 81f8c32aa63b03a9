// Employees: who has cards. Of a person only a display name and the program's own reference are kept, and both may be taken out.

import { type Id, newId } from '../../contracts/ids.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { audit, given, lockOpenCompany, namesOf, withOwnReference } from './companies.ts';
import { assertOfCompany, findDepartment } from './departments.ts';

export const employeeStatuses = ['active', 'offboarding', 'offboarded'] as const;

export interface Employee {
  readonly employee_id: string;
  readonly company_id: string;
  readonly department_id: string;
  readonly display_name: string | null;
  readonly reference: string | null;
  readonly status: (typeof employeeStatuses)[number];
  readonly created_at: Date;
}

export interface NewEmployee {
  readonly department_id: string;
  readonly display_name: string | null;
  readonly reference: string | null;
}

/** Of the department's company. */
export async function createEmployee(sql: Sql, employee: NewEmployee, doer: Doer): Promise<Id<'empl'>> {
  const { department_id, display_name, reference } = employee;
  const { company_id } = await findDepartment(sql, department_id);
  await lockOpenCompany(sql, company_id, 'member');
  const employee_id = newId('empl');
  await withOwnReference(() =>
    sql.query(
      `insert into employees (employee_id, company_id, department_id, display_name, reference) values ($1, $2, $3, $4, $5)`,
      [employee_id, company_id, department_id, display_name, reference],
    ),
  );
  await audit(sql, doer, { action: 'employee.created', subject: employee_id, reason: `of ${company_id}` });
  return employee_id;
}

/** `for update`: who gives it a card or offboards it meanwhile takes turns with us. Lock its company before it, and its cards before both. */
export async function lockEmployee(sql: Sql, employeeId: string): Promise<Employee> {
  const { rows } = await sql.query<Employee>('select * from employees where employee_id = $1 for update', [employeeId]);
  const [employee] = rows;
  if (employee === undefined) throw refusal('employee_not_found');
  return employee;
}

export interface EmployeeChange {
  readonly department_id?: string | undefined;
  readonly display_name?: string | null | undefined;
  readonly reference?: string | null | undefined;
}

/** Name and reference may be changed and taken out at any time; who is offboarded moves no more. */
export async function changeEmployee(sql: Sql, id: string, change: EmployeeChange, doer: Doer): Promise<void> {
  const before = await lockEmployee(sql, id);
  const after = { ...before, ...given(change) };
  if (after.department_id !== before.department_id) {
    if (before.status !== 'active') throw refusal('employee_offboarded');
    await assertOfCompany(sql, before.company_id, after.department_id);
  }
  await withOwnReference(() =>
    sql.query('update employees set department_id = $2, display_name = $3, reference = $4 where employee_id = $1', [
      ...[id, after.department_id, after.display_name, after.reference],
    ]),
  );
  await audit(sql, doer, { action: 'employee.changed', subject: id, reason: namesOf(change) });
}
