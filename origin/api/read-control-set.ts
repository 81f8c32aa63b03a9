// GET /control-sets/:control_set_id?version=: one version of a control set, the newest where none is named.

import type { Context } from 'hono';
import * as z from 'zod';
import type { Database } from '../db/client.ts';
import { answer } from './answer.ts';
import { readControlSetView } from './control-set-view.ts';
import { inShape, pathId } from './read-request.ts';

const querySchema = z.strictObject({ version: z.coerce.number().int().min(1).max(2_147_483_647).optional() });

export function readControlSet({ sql }: Database) {
  return async (context: Context): Promise<Response> => {
    const { version } = inShape(querySchema, context.req.query());
    const id = pathId(context, 'cset', 'control_set_id', 'control_set_not_found');
    return answer(context, await readControlSetView(sql, id, version ?? null));
  };
}
