// GET /cards?account_id=&limit=&cursor=: cards in the order of their ids, which says nothing about them.

import { and, eq, gt } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { idSchema } from '../../contracts/ids.ts';
import type { Database } from '../db/client.ts';
import { cards } from '../db/schema.ts';
import { answer } from './answer.ts';
import { cardView, selectCards } from './card-view.ts';
import { cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { inShape } from './read-request.ts';

const querySchema = z.strictObject({
  account_id: z.optional(idSchema('acct')),
  limit: limitSchema,
  cursor: cursorSchema(z.tuple([idSchema('card')])),
});

export function listCards({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { account_id, limit, cursor } = inShape(querySchema, context.req.query());
    const rows = await selectCards(orm)
      .where(
        and(
          account_id === undefined ? undefined : eq(cards.account_id, account_id),
          cursor === undefined ? undefined : gt(cards.card_id, cursor[0]),
        ),
      )
      .orderBy(cards.card_id)
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return answer(context, {
      cards: page.map(cardView),
      next_cursor: rows.length > limit && last !== undefined ? cursorOf(last.cards.card_id) : null,
    });
  };
}
