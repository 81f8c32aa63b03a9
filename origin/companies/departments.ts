// Departments: a tree under each company, at most ten deep. Moves within a company take turns, so that no two of them make a circle.

import { type Id, newId } from '../../contracts/ids.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { audit, given, lockCompany, lockOpenCompany, namesOf, withOwnReference } from './companies.ts';

export interface Department {
  readonly department_id: string;
  readonly company_id: string;
  readonly parent_department_id: string | null;
  readonly name: string;
  readonly reference: string | null;
  readonly created_at: Date;
}

/** Each look upwards or downwards is one row a level, so that a call costs the same in a company of any size. */
const departmentsDeepMax = 10;

export interface NewDepartment {
  readonly company_id: string;
  readonly parent_department_id: string | null;
  readonly name: string;
  readonly reference: string | null;
}

export async function createDepartment(sql: Sql, department: NewDepartment, doer: Doer): Promise<Id<'dept'>> {
  const { company_id, parent_department_id, name, reference } = department;
  await lockOpenCompany(sql, company_id, 'shape');
  if (parent_department_id !== null) {
    const above = await pathUp(sql, company_id, parent_department_id);
    if (above.length + 1 > departmentsDeepMax) throw refusal('departments_too_deep');
  }
  const department_id = newId('dept');
  await withOwnReference(() =>
    sql.query(
      `insert into departments (department_id, company_id, parent_department_id, name, reference) values ($1, $2, $3, $4, $5)`,
      [department_id, company_id, parent_department_id, name, reference],
    ),
  );
  await audit(sql, doer, { action: 'department.created', subject: department_id, reason: `of ${company_id}` });
  return department_id;
}

export interface DepartmentChange {
  readonly parent_department_id?: string | null | undefined;
  readonly name?: string | undefined;
  readonly reference?: string | null | undefined;
}

export async function changeDepartment(sql: Sql, id: string, change: DepartmentChange, doer: Doer): Promise<void> {
  const { company_id } = await findDepartment(sql, id);
  const { status } = await lockCompany(sql, company_id, 'shape');
  // Read again under the lock: it may have been moved meanwhile.
  const before = await findDepartment(sql, id);
  const after = { ...before, ...given(change) };
  if (after.parent_department_id !== before.parent_department_id) {
    if (status === 'closed') throw refusal('company_closed');
    await assertMayStandUnder(sql, before, after.parent_department_id);
  }
  await withOwnReference(() =>
    sql.query('update departments set parent_department_id = $2, name = $3, reference = $4 where department_id = $1', [
      ...[id, after.parent_department_id, after.name, after.reference],
    ]),
  );
  await audit(sql, doer, { action: 'department.changed', subject: id, reason: namesOf(change) });
}

export async function findDepartment(sql: Sql, departmentId: string): Promise<Department> {
  const { rows } = await sql.query<Department>('select * from departments where department_id = $1', [departmentId]);
  const [department] = rows;
  if (department === undefined) throw refusal('department_not_found');
  return department;
}

/** One that a member of this company may stand in. */
export async function assertOfCompany(sql: Sql, companyId: string, departmentId: string): Promise<void> {
  const { company_id } = await findDepartment(sql, departmentId);
  if (company_id !== companyId) throw refusal('department_of_another_company');
}

/** With its tree under it: of a tree of three levels moved under one on level 8, the lowest would be on 11. */
async function assertMayStandUnder(sql: Sql, moved: Department, parentId: string | null): Promise<void> {
  if (parentId === null) return;
  const above = await pathUp(sql, moved.company_id, parentId);
  if (above.includes(moved.department_id)) throw refusal('department_cycle');
  if (above.length + (await levelsOf(sql, moved.department_id)) > departmentsDeepMax)
    throw refusal('departments_too_deep');
}

/** The department and all above it, itself first. */
async function pathUp(sql: Sql, companyId: string, departmentId: string): Promise<readonly string[]> {
  await assertOfCompany(sql, companyId, departmentId);
  const { rows } = await sql.query<{ department_id: string }>(
    `with recursive up as (
       select department_id, parent_department_id, 1 as level from departments where department_id = $1
       union all
       select d.department_id, d.parent_department_id, up.level + 1
       from up join departments d on d.department_id = up.parent_department_id where up.level <= $2
     )
     select department_id from up order by level`,
    [departmentId, departmentsDeepMax],
  );
  return rows.map(({ department_id }) => department_id);
}

/** 1: nothing stands under it. */
async function levelsOf(sql: Sql, departmentId: string): Promise<number> {
  const { rows } = await sql.query<{ levels: number }>(
    `with recursive down as (
       select department_id, 1 as level from departments where department_id = $1
       union all
       select d.department_id, down.level + 1
       from down join departments d on d.parent_department_id = down.department_id where down.level <= $2
     )
     select max(level)::int as levels from down`,
    [departmentId, departmentsDeepMax],
  );
  return rows[0]?.levels ?? 1;
}
