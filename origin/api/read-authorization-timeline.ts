// GET /authorizations/:authorization_id/timeline: request, decision, events and the transfers of each, in one answer. Of
// authorizations that turned out to be one, all events; each names its own.

import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Context } from 'hono';
import type { Database } from '../db/client.ts';
import { ledger_transfers } from '../db/schema.ts';
import { answer } from './answer.ts';
import { findAuthorization } from './find-authorization.ts';
import { pathId } from './read-request.ts';
import { transferViews } from './transfer-view.ts';

export function readAuthorizationTimeline(database: Database) {
  return async (context: Context): Promise<Response> => {
    const id = pathId(context, 'auth', 'authorization_id', 'authorization_not_found');
    const { authorization, joined, events, stream_id } = await findAuthorization(database, id);
    const transfers = await database.orm
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
    const views = await transferViews(database.orm, transfers);

    const opening = events.find(({ kind }) => kind === 'authorization')?.body;
    return answer(context, {
      authorization,
      joined,
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
