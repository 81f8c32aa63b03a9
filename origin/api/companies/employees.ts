// Employees over HTTP: who has cards, in which department, and what is kept of a person.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { changeEmployee, createEmployee, type Employee, employeeStatuses } from '../../companies/employees.ts';
import { cardsOfEmployee } from '../../companies/offboard.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { somethingOf } from './companies.ts';
import {
  employeeSchema,
  employeeView,
  employeeWithCardsSchema,
  readCompany,
  readEmployee,
  referenceSchema,
} from './company-view.ts';

const common = { tag: 'companies', forMerchants: false } as const;
export const employeeById = z.strictObject({ employee_id: idSchema('empl') });

const create = route({
  ...common,
  method: 'post',
  path: '/departments/{department_id}/employees',
  name: 'createEmployee',
  cost: costs.change,
  summary: 'Add an employee to a department',
  description: 'Neither a name nor a reference is needed: the id is enough to give somebody cards.',
  scope: 'companies:write',
  idempotency: 'optional',
  params: z.strictObject({ department_id: idSchema('dept') }),
  body: z.strictObject({
    display_name: printableText.nullable().default(null),
    reference: referenceSchema.default(null),
  }),
  answers: { status: 201, schema: employeeSchema, description: 'Active, without cards.' },
  errors: ['department_not_found', 'company_closed', 'reference_already_used'],
  async handle({ params: { department_id }, body, sql, ...call }) {
    const employee_id = await createEmployee(sql, { department_id, ...body }, doerOf(call));
    return { body: await readEmployee(sql, employee_id) };
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/companies/{company_id}/employees',
  name: 'listEmployees',
  cost: costs.page,
  summary: "List a company's employees, or those of a department, a status or a reference",
  scope: 'companies:read',
  params: z.strictObject({ company_id: idSchema('comp') }),
  query: z.strictObject({
    department_id: z.optional(idSchema('dept')),
    status: z.enum(employeeStatuses).optional(),
    reference: printableText.optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('empl')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ employees: z.array(employeeSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: ['company_not_found'],
  async handle({ params: { company_id }, query: { limit, cursor, ...wanted }, sql }) {
    await readCompany(sql, company_id);
    const filters = Object.entries(wanted).filter(([, value]) => value !== undefined);
    const { rows } = await sql.query<Employee>(
      `select * from employees where company_id = $1 and employee_id > $2
         ${filters.map(([column], place) => `and ${column} = $${place + 4}`).join(' ')}
       order by employee_id limit $3`,
      [company_id, cursor?.[0] ?? '', limit + 1, ...filters.map(([, value]) => value)],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.employee_id);
    return { body: { employees: rows.slice(0, limit).map(employeeView), next_cursor } };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/employees/{employee_id}',
  name: 'readEmployee',
  cost: { ...costs.one, rows: 500 },
  summary: 'Read an employee, and how many cards it has',
  scope: 'companies:read',
  params: employeeById,
  answers: { status: 200, schema: employeeWithCardsSchema, description: 'As it stands.' },
  errors: ['employee_not_found'],
  async handle({ params: { employee_id }, sql }) {
    const employee = await readEmployee(sql, employee_id);
    return { body: { ...employee, cards: await cardsOfEmployee(sql, employee_id) } };
  },
});

const change = route({
  ...common,
  method: 'patch',
  path: '/employees/{employee_id}',
  name: 'changeEmployee',
  cost: costs.change,
  summary: "Change an employee's department, name or reference",
  description: 'To forget a person, also after they have left: `display_name` and `reference` null.',
  scope: 'companies:write',
  params: employeeById,
  body: z
    .strictObject({
      department_id: z.optional(idSchema('dept')),
      display_name: printableText.nullable().optional(),
      reference: referenceSchema.optional(),
    })
    .refine(...somethingOf(['department_id', 'display_name', 'reference'])),
  answers: { status: 200, schema: employeeSchema, description: 'As it stands now.' },
  errors: [
    ...(['employee_not_found', 'employee_offboarded', 'department_not_found'] as const),
    ...(['department_of_another_company', 'reference_already_used'] as const),
  ],
  async handle({ params: { employee_id }, body, sql, ...call }) {
    await changeEmployee(sql, employee_id, body, doerOf(call));
    return { body: await readEmployee(sql, employee_id) };
  },
});

export const employeeRoutes: readonly Route[] = [create, list, read, change];
