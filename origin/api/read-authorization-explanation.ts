// GET /authorizations/:authorization_id/explanation: why each of its requests was decided as it was, for people.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { cards } from '../db/schema.ts';
import { explainAuthorization } from '../explanation/explain-authorization.ts';
import { answer } from './answer.ts';
import { findAuthorization } from './find-authorization.ts';
import { pathId } from './read-request.ts';

export function readAuthorizationExplanation(database: Database) {
  return async (context: Context): Promise<Response> => {
    const id = pathId(context, 'auth', 'authorization_id', 'authorization_not_found');
    const { authorization, joined, events, stream_id, card_id } = await findAuthorization(database, id);
    const [card] = card_id === null ? [] : await database.orm.select().from(cards).where(eq(cards.card_id, card_id));
    const life = {
      ...{ stream_id, card_id },
      currency: card?.profile.currency ?? authorization.currency,
      events: events.flatMap(({ body }) => (body === null ? [] : [body])),
    };
    return answer(context, { authorization, joined, ...(await explainAuthorization(database.sql, life)) });
  };
}
