// Companies, departments and employees as the API shows them.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import type { Company } from '../../companies/companies.ts';
import type { Department } from '../../companies/departments.ts';
import { type Employee, employeeStatuses } from '../../companies/employees.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { printableText } from '../http/printable-text.ts';

/** What the card program calls it in its own systems; no two of a kind have the same. */
export const referenceSchema = printableText.nullable();

export const companySchema = z.strictObject({
  company_id: idSchema('comp'),
  name: z.string(),
  reference: z.string().nullable(),
  /** `closed`: nothing is added to it any more. */
  status: z.enum(['active', 'closed']),
  created_at_ms: z.int(),
});

export const departmentSchema = z.strictObject({
  department_id: idSchema('dept'),
  company_id: idSchema('comp'),
  /** Null: directly under the company. */
  parent_department_id: z.nullable(idSchema('dept')),
  name: z.string(),
  reference: z.string().nullable(),
  created_at_ms: z.int(),
});

export const employeeSchema = z.strictObject({
  employee_id: idSchema('empl'),
  company_id: idSchema('comp'),
  department_id: idSchema('dept'),
  /** Null: never given, or taken out again. */
  display_name: z.string().nullable(),
  reference: z.string().nullable(),
  /** `offboarding`: gets no card any more, and some of those it has are still to be closed. */
  status: z.enum(employeeStatuses),
  created_at_ms: z.int(),
});

export const employeeWithCardsSchema = employeeSchema.extend({
  /** `waiting_for_edge`: their newest profile is written here, and the edge does not have it yet. */
  cards: z.strictObject({ total: z.int(), closed: z.int(), waiting_for_edge: z.int() }),
});

export const companyView = ({ created_at, company_id, name, reference, status }: Company) => ({
  ...{ company_id, name, reference, status },
  created_at_ms: created_at.getTime(),
});

export const departmentView = ({ created_at, ...department }: Department) => {
  const { department_id, company_id, parent_department_id, name, reference } = department;
  return {
    ...{ department_id, company_id, parent_department_id, name, reference },
    created_at_ms: created_at.getTime(),
  };
};

export const employeeView = ({ created_at, ...employee }: Employee) => {
  const { employee_id, company_id, department_id, display_name, reference, status } = employee;
  return {
    ...{ employee_id, company_id, department_id, display_name, reference, status },
    created_at_ms: created_at.getTime(),
  };
};

export async function readCompany(sql: Sql, companyId: string) {
  const { rows } = await sql.query<Company>('select * from companies where company_id = $1', [companyId]);
  const [company] = rows;
  if (company === undefined) throw refusal('company_not_found');
  return companyView(company);
}

export async function readEmployee(sql: Sql, employeeId: string) {
  const { rows } = await sql.query<Employee>('select * from employees where employee_id = $1', [employeeId]);
  const [employee] = rows;
  if (employee === undefined) throw refusal('employee_not_found');
  return employeeView(employee);
}
