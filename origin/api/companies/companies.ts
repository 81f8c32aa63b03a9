// Companies over HTTP: made, read, listed, renamed and closed.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { type Company, changeCompany, createCompany } from '../../companies/companies.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { companySchema, companyView, readCompany, referenceSchema } from './company-view.ts';

const common = { tag: 'companies', forMerchants: false } as const;
const byId = z.strictObject({ company_id: idSchema('comp') });

/** A change without anything in it is a mistake of whoever sends it. */
export const somethingOf = (names: readonly string[]) =>
  [
    (body: object) => names.some((name) => name in body),
    { error: `has nothing to change: give one of ${names.join(', ')}` },
  ] as const;

const create = route({
  ...common,
  method: 'post',
  path: '/companies',
  name: 'createCompany',
  cost: costs.change,
  summary: 'Add a company whose employees have cards',
  scope: 'companies:write',
  idempotency: 'optional',
  body: z.strictObject({ name: printableText, reference: referenceSchema.default(null) }),
  answers: { status: 201, schema: companySchema, description: 'Active, with nothing in it.' },
  errors: ['reference_already_used'],
  async handle({ body, sql, ...call }) {
    return { body: await readCompany(sql, await createCompany(sql, body, doerOf(call))) };
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/companies',
  name: 'listCompanies',
  cost: costs.page,
  summary: 'List companies, or find one by its reference',
  scope: 'companies:read',
  query: z.strictObject({
    reference: printableText.optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([idSchema('comp')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ companies: z.array(companySchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { reference, limit, cursor }, sql }) {
    const { rows } = await sql.query<Company>(
      `select * from companies where company_id > $1 ${reference === undefined ? '' : 'and reference = $3'}
       order by company_id limit $2`,
      [cursor?.[0] ?? '', limit + 1, ...(reference === undefined ? [] : [reference])],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.company_id);
    return { body: { companies: rows.slice(0, limit).map(companyView), next_cursor } };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/companies/{company_id}',
  name: 'readCompany',
  cost: costs.one,
  summary: 'Read a company',
  scope: 'companies:read',
  params: byId,
  answers: { status: 200, schema: companySchema, description: 'As it stands.' },
  errors: ['company_not_found'],
  async handle({ params: { company_id }, sql }) {
    return { body: await readCompany(sql, company_id) };
  },
});

const change = route({
  ...common,
  method: 'patch',
  path: '/companies/{company_id}',
  name: 'changeCompany',
  cost: costs.change,
  summary: "Change a company's name or reference, or close it",
  description:
    'With `status` `closed` nothing is added to it any more; it stays closed. Employees are offboarded before. Once more changes nothing.',
  scope: 'companies:write',
  params: byId,
  body: z
    .strictObject({
      name: printableText.optional(),
      reference: referenceSchema.optional(),
      status: z.literal('closed').optional(),
    })
    .refine(...somethingOf(['name', 'reference', 'status'])),
  answers: { status: 200, schema: companySchema, description: 'As it stands now.' },
  errors: ['company_not_found', 'company_has_employees', 'reference_already_used'],
  async handle({ params: { company_id }, body, sql, ...call }) {
    await changeCompany(sql, company_id, body, doerOf(call));
    return { body: await readCompany(sql, company_id) };
  },
});

export const companyRoutes: readonly Route[] = [create, list, read, change];
