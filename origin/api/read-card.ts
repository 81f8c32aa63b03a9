// GET /cards/:card_id: the card, its profile, and whether the edge has it.

import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { answer } from './answer.ts';
import { readCardView } from './card-view.ts';
import { pathId } from './read-request.ts';

export function readCard({ orm }: Database) {
  return async (context: Context): Promise<Response> =>
    answer(context, await readCardView(orm, pathId(context, 'card', 'card_id', 'card_not_found')));
}
