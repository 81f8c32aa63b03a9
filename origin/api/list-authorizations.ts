// GET /authorizations?card_id=&limit=&cursor=: a card's authorizations, the newest first.

import { and, desc, eq, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import { idSchema } from '../../contracts/ids.ts';
import type { Database } from '../db/client.ts';
import { authorizations, card_streams, cards } from '../db/schema.ts';
import { answer } from './answer.ts';
import { authorizationView } from './authorization-view.ts';
import { cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { refusal } from './errors.ts';
import { inShape } from './read-request.ts';

const querySchema = z.strictObject({
  card_id: idSchema('card'),
  limit: limitSchema,
  cursor: cursorSchema(z.tuple([z.coerce.number().int(), idSchema('auth')])),
});

export function listAuthorizations({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { card_id, limit, cursor } = inShape(querySchema, context.req.query());
    const [card] = await orm.select().from(cards).where(eq(cards.card_id, card_id));
    if (card === undefined) throw refusal('card_not_found');
    const rows = await orm
      .select({ authorization: authorizations })
      .from(authorizations)
      .innerJoin(card_streams, eq(card_streams.stream_id, authorizations.stream_id))
      .where(
        and(
          eq(card_streams.network, card.network),
          eq(card_streams.card_token, card.card_token),
          // As a pair, which is the index's order: the page begins where it says, without reading what is before.
          cursor === undefined
            ? undefined
            : sql`(${authorizations.opened_at_ms}, ${authorizations.authorization_id}) < (${cursor[0]}, ${cursor[1]})`,
        ),
      )
      .orderBy(desc(authorizations.opened_at_ms), desc(authorizations.authorization_id))
      .limit(limit + 1);
    const page = rows.slice(0, limit).map(({ authorization }) => authorization);
    const last = page.at(-1);
    return answer(context, {
      authorizations: page.map((row) => authorizationView(row, card_id)),
      next_cursor:
        rows.length > limit && last !== undefined ? cursorOf(last.opened_at_ms, last.authorization_id) : null,
    });
  };
}
