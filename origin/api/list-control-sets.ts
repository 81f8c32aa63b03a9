// GET /control-sets?limit=&cursor=: control sets in the order of their ids, which says nothing about them.

import { gt } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { idSchema } from '../../contracts/ids.ts';
import type { Database } from '../db/client.ts';
import { control_sets } from '../db/schema.ts';
import { answer } from './answer.ts';
import { cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { inShape } from './read-request.ts';

const querySchema = z.strictObject({ limit: limitSchema, cursor: cursorSchema(z.tuple([idSchema('cset')])) });

export function listControlSets({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { limit, cursor } = inShape(querySchema, context.req.query());
    const rows = await orm
      .select()
      .from(control_sets)
      .where(cursor === undefined ? undefined : gt(control_sets.control_set_id, cursor[0]))
      .orderBy(control_sets.control_set_id)
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return answer(context, {
      control_sets: page.map(({ created_at, ...shown }) => ({ ...shown, created_at_ms: created_at.getTime() })),
      next_cursor: rows.length > limit && last !== undefined ? cursorOf(last.control_set_id) : null,
    });
  };
}
