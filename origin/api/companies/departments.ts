// Departments over HTTP: a tree under each company.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { changeDepartment, createDepartment, type Department, findDepartment } from '../../companies/departments.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { somethingOf } from './companies.ts';
import { departmentSchema, departmentView, readCompany, referenceSchema } from './company-view.ts';

const common = { tag: 'companies', forMerchants: false } as const;
const byId = z.strictObject({ department_id: idSchema('dept') });
const ofCompany = z.strictObject({ company_id: idSchema('comp') });

const create = route({
  ...common,
  method: 'post',
  path: '/companies/{company_id}/departments',
  name: 'createDepartment',
  cost: costs.change,
  summary: 'Add a department to a company',
  scope: 'companies:write',
  idempotency: 'optional',
  params: ofCompany,
  body: z.strictObject({
    name: printableText,
    parent_department_id: z._default(z.nullable(idSchema('dept')), null),
    reference: referenceSchema.default(null),
  }),
  answers: { status: 201, schema: departmentSchema, description: 'With nobody in it.' },
  errors: [
    ...(['company_not_found', 'company_closed', 'department_not_found', 'department_of_another_company'] as const),
    ...(['departments_too_deep', 'reference_already_used'] as const),
  ],
  async handle({ params: { company_id }, body, sql, ...call }) {
    const department_id = await createDepartment(sql, { company_id, ...body }, doerOf(call));
    return { body: departmentView(await findDepartment(sql, department_id)) };
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/companies/{company_id}/departments',
  name: 'listDepartments',
  cost: costs.page,
  summary: "List a company's departments, or those directly under one",
  scope: 'companies:read',
  params: ofCompany,
  query: z.strictObject({
    parent_department_id: z.optional(idSchema('dept')),
    reference: printableText.optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('dept')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ departments: z.array(departmentSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: ['company_not_found'],
  async handle({ params: { company_id }, query: { parent_department_id, reference, limit, cursor }, sql }) {
    await readCompany(sql, company_id);
    const filters = [
      ...(parent_department_id === undefined ? [] : [['parent_department_id', parent_department_id] as const]),
      ...(reference === undefined ? [] : [['reference', reference] as const]),
    ];
    const { rows } = await sql.query<Department>(
      `select * from departments where company_id = $1 and department_id > $2
         ${filters.map(([column], place) => `and ${column} = $${place + 4}`).join(' ')}
       order by department_id limit $3`,
      [company_id, cursor?.[0] ?? '', limit + 1, ...filters.map(([, value]) => value)],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.department_id);
    return { body: { departments: rows.slice(0, limit).map(departmentView), next_cursor } };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/departments/{department_id}',
  name: 'readDepartment',
  cost: costs.one,
  summary: 'Read a department',
  scope: 'companies:read',
  params: byId,
  answers: { status: 200, schema: departmentSchema, description: 'As it stands.' },
  errors: ['department_not_found'],
  async handle({ params: { department_id }, sql }) {
    return { body: departmentView(await findDepartment(sql, department_id)) };
  },
});

const change = route({
  ...common,
  method: 'patch',
  path: '/departments/{department_id}',
  name: 'changeDepartment',
  cost: costs.change,
  summary: "Change a department's name, reference or parent",
  description:
    'With `parent_department_id` it moves, with all that stands under it; null puts it directly under the company.',
  scope: 'companies:write',
  params: byId,
  body: z
    .strictObject({
      name: printableText.optional(),
      reference: referenceSchema.optional(),
      parent_department_id: z.optional(z.nullable(idSchema('dept'))),
    })
    .refine(...somethingOf(['name', 'reference', 'parent_department_id'])),
  answers: { status: 200, schema: departmentSchema, description: 'As it stands now.' },
  errors: [
    ...(['department_not_found', 'department_of_another_company', 'department_cycle', 'departments_too_deep'] as const),
    ...(['company_closed', 'reference_already_used'] as const),
  ],
  async handle({ params: { department_id }, body, sql, ...call }) {
    await changeDepartment(sql, department_id, body, doerOf(call));
    return { body: departmentView(await findDepartment(sql, department_id)) };
  },
});

export const departmentRoutes: readonly Route[] = [create, list, read, change];
