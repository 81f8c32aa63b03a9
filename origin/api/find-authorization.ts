// One authorization with its card, its events, and those of the authorizations that turned out to be the same.

import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { authorizations, card_events, card_streams, cards } from '../db/schema.ts';
import { familyOf } from './authorization-family.ts';
import { authorizationView } from './authorization-view.ts';
import { refusal } from './errors.ts';

export async function findAuthorization({ orm, sql }: Database, authorizationId: string) {
  const family = await familyOf(sql, authorizationId);
  const rows = await orm
    .select({ authorization: authorizations, card_id: cards.card_id })
    .from(authorizations)
    .innerJoin(card_streams, eq(card_streams.stream_id, authorizations.stream_id))
    .leftJoin(cards, and(eq(cards.network, card_streams.network), eq(cards.card_token, card_streams.card_token)))
    .where(inArray(authorizations.authorization_id, family))
    .orderBy(asc(authorizations.opened_at_ms), asc(authorizations.authorization_id));
  const found = rows.find(({ authorization }) => authorization.authorization_id === authorizationId);
  if (found === undefined) throw refusal('authorization_not_found');
  const events = await orm
    .select()
    .from(card_events)
    .where(inArray(card_events.authorization_id, family))
    .orderBy(asc(card_events.sequence));
  return {
    stream_id: found.authorization.stream_id,
    card_id: found.card_id,
    authorization: authorizationView(found.authorization, found.card_id),
    /** The others, where it turned out to be the same as they. */
    joined: rows
      .filter((row) => row !== found)
      .map(({ authorization, card_id }) => authorizationView(authorization, card_id)),
    events,
  };
}
