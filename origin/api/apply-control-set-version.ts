// POST /control-sets/:control_set_id/versions/:version/apply: all cards that reference the set move to this version, back to
// an older one too. Cards that cannot have it stay where they are, and are named.

import type { Context } from 'hono';
import * as z from 'zod';
import { applySetVersion } from '../controls/apply-set-version.ts';
import { loadSetVersion } from '../controls/control-sets.ts';
import type { Database } from '../db/client.ts';
import type { Outbox } from '../edge/outbox.ts';
import { answer } from './answer.ts';
import { refusal } from './errors.ts';
import { pathId, readBody } from './read-request.ts';

const bodySchema = z.strictObject({});
const versionSchema = z.coerce.number().int().min(1).max(2_147_483_647);

/** Pushed before the answer; the outbox's loop takes up the others within a second. */
const pushedAtOnceMax = 20;
const refusedShownMax = 100;

export function applyControlSetVersion({ database, outbox }: { database: Database; outbox: Outbox }) {
  return async (context: Context): Promise<Response> => {
    await readBody(context, bodySchema, {});
    const control_set_id = pathId(context, 'cset', 'control_set_id', 'control_set_not_found');
    const number = versionSchema.safeParse(context.req.param('version'));
    if (!number.success) throw refusal('control_set_not_found');
    const version = await loadSetVersion(
      database.sql,
      { control_set_id, version: number.data },
      'control_set_not_found',
    );
    const { moved, refused } = await applySetVersion(database, version);
    await Promise.all(moved.slice(0, pushedAtOnceMax).map((cardId) => outbox.push(cardId)));
    return answer(context, {
      control_set_id,
      version: version.version,
      cards_moved: moved.length,
      cards_refused: refused.length,
      refused: refused.slice(0, refusedShownMax),
    });
  };
}
