// Authorizations with their card: a page of one card's, and one with its events and those of the authorizations that turned out
// to be the same.

import { and, asc, desc, eq, inArray, sql as text } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { authorizations, card_events, card_streams } from '../../db/tables/card-events.ts';
import { cards } from '../../db/tables/cards.ts';
import { refusal } from '../../errors.ts';
import { familyOf } from './authorization-family.ts';
import { authorizationView } from './authorization-view.ts';

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

export interface AuthorizationPage {
  readonly card_id: string;
  /** The sort key of the last one that was seen. */
  readonly before: readonly [opened_at_ms: number, authorization_id: string] | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function listAuthorizations({ orm }: Database, { card_id, before, limit }: AuthorizationPage) {
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
        before === undefined
          ? undefined
          : text`(${authorizations.opened_at_ms}, ${authorizations.authorization_id}) < (${before[0]}, ${before[1]})`,
      ),
    )
    .orderBy(desc(authorizations.opened_at_ms), desc(authorizations.authorization_id))
    .limit(limit);
  return rows.map(({ authorization }) => authorizationView(authorization, card_id));
}
