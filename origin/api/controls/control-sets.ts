// Control sets over HTTP: controls that cards may share. A version never changes; a new one changes no card until it is applied.

import * as z from 'zod';
import { idSchema, newId } from '../../../contracts/ids.ts';
import { insertSetVersion, nextVersionOf } from '../../controls/control-sets.ts';
import { readControls } from '../../controls/read-controls.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { controlSetSchema, listedControlSetSchema, readControlSetView } from './control-set-view.ts';
import { givenControls } from './written-controls.ts';

/** Up to two hundred controls are read, and written twice: as they were given and as the edge gets them. */
const changeOfMany = { ...costs.change, cpuMs: 5 };
const common = { tag: 'control sets', forMerchants: false } as const;
export const controlSetById = z.strictObject({ control_set_id: idSchema('cset') });

const create = route({
  ...common,
  method: 'post',
  path: '/control-sets',
  name: 'createControlSet',
  cost: changeOfMany,
  summary: 'Make controls that cards may share',
  scope: 'controls:write',
  idempotency: 'optional',
  body: z.strictObject({ name: printableText, controls: givenControls }),
  answers: { status: 201, schema: controlSetSchema, description: 'With its first version.' },
  errors: [],
  async handle({ body: { name, controls }, sql, ...call }) {
    const read = readControls(controls, { at: 'controls', nowMs: Date.now() });
    const control_set_id = newId('cset');
    await sql.query('insert into control_sets (control_set_id, name, newest_version) values ($1, $2, 1)', [
      control_set_id,
      name,
    ]);
    await insertSetVersion(sql, { control_set_id, version: 1, ...read }, doerOf(call));
    return { body: await readControlSetView(sql, control_set_id, null) };
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/control-sets',
  name: 'listControlSets',
  cost: costs.page,
  summary: 'List control sets',
  scope: 'controls:read',
  query: z.strictObject({ limit: limitSchema, cursor: cursorSchema(z.tuple([idSchema('cset')])) }),
  answers: {
    status: 200,
    schema: z.strictObject({ control_sets: z.array(listedControlSetSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor }, sql }) {
    const { rows } = await sql.query<{
      control_set_id: string;
      name: string;
      newest_version: number;
      created_at: Date;
    }>(
      `select control_set_id, name, newest_version, created_at from control_sets
       where control_set_id > $1 order by control_set_id limit $2`,
      [cursor?.[0] ?? '', limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const control_sets = rows.slice(0, limit).map(({ created_at, ...shown }) => ({
      ...shown,
      created_at_ms: created_at.getTime(),
    }));
    return { body: { control_sets, next_cursor: last === undefined ? null : cursorOf(last.control_set_id) } };
  },
});

const read = route({
  ...common,
  method: 'get',
  path: '/control-sets/{control_set_id}',
  name: 'readControlSet',
  cost: costs.one,
  summary: 'Read one version of a control set, the newest where none is named',
  scope: 'controls:read',
  params: controlSetById,
  query: z.strictObject({ version: z.coerce.number().int().min(1).max(2_147_483_647).optional() }),
  answers: { status: 200, schema: controlSetSchema, description: 'With how many cards are at which version.' },
  errors: ['control_set_not_found'],
  async handle({ params: { control_set_id }, query: { version }, sql }) {
    return { body: await readControlSetView(sql, control_set_id, version ?? null) };
  },
});

const createVersion = route({
  ...common,
  method: 'post',
  path: '/control-sets/{control_set_id}/versions',
  name: 'createControlSetVersion',
  cost: changeOfMany,
  summary: 'Make the next version of a control set',
  scope: 'controls:write',
  idempotency: 'optional',
  params: controlSetById,
  body: z.strictObject({ controls: givenControls }),
  answers: { status: 201, schema: controlSetSchema, description: 'No card has it until it is applied.' },
  errors: ['control_set_not_found'],
  async handle({ params: { control_set_id }, body: { controls }, sql, ...call }) {
    const given = readControls(controls, { at: 'controls', nowMs: Date.now() });
    const version = await nextVersionOf(sql, control_set_id);
    await insertSetVersion(sql, { control_set_id, version, ...given }, doerOf(call));
    return { body: await readControlSetView(sql, control_set_id, version) };
  },
});

export const controlSetRoutes: readonly Route[] = [create, list, read, createVersion];
