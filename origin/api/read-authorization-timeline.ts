// GET /authorizations/:authorization_id/timeline: request, decision, events and the transfers of each, in one answer.

import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { authorizations, card_events, card_streams, cards, ledger_transfers } from '../db/schema.ts';
import { answer } from './answer.ts';
import { authorizationView } from './authorization-view.ts';
import { refusal } from './errors.ts';
import { pathId } from './read-request.ts';
import { transferViews } from './transfer-view.ts';

export function readAuthorizationTimeline({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const [found] = await orm
      .select({ authorization: authorizations, card_id: cards.card_id })
      .from(authorizations)
      .innerJoin(card_streams, eq(card_streams.stream_id, authorizations.stream_id))
      .leftJoin(cards, and(eq(cards.network, card_streams.network), eq(cards.card_token, card_streams.card_token)))
      .where(
        eq(authorizations.authorization_id, pathId(context, 'auth', 'authorization_id', 'authorization_not_found')),
      );
    if (found === undefined) throw refusal('authorization_not_found');
    const { authorization_id, stream_id } = found.authorization;

    const events = await orm
      .select()
      .from(card_events)
      .where(eq(card_events.authorization_id, authorization_id))
      .orderBy(asc(card_events.sequence));
    const transfers = await orm
      .select()
      .from(ledger_transfers)
      .where(
        and(
          eq(ledger_transfers.stream_id, stream_id),
          inArray(
            ledger_transfers.sequence,
            events.map(({ sequence }) => sequence),
          ),
        ),
      )
      .orderBy(asc(ledger_transfers.transfer_no));
    const views = await transferViews(orm, transfers);

    const opening = events.find(({ kind }) => kind === 'authorization')?.body;
    return answer(context, {
      authorization: authorizationView(found.authorization, found.card_id),
      request: opening?.kind === 'authorization' ? opening.request : null,
      decision: opening?.kind === 'authorization' ? opening.decision : null,
      events: events.map(({ body, sequence, received_at }) => ({
        ...body,
        received_at_ms: received_at.getTime(),
        transfers: views.filter((view) => view.sequence === sequence).map(({ sequence: _, ...view }) => view),
      })),
    });
  };
}
