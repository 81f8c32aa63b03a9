// Authorizations over HTTP: a card's, newest first; and of one, why it was decided so and what happened to it. Of authorizations
// that turned out to be one, all events; each names its own.

import { and, asc, eq, inArray } from 'drizzle-orm';
import * as z from 'zod';
import { authorizationRequestSchema } from '../../../contracts/authorization-request.ts';
import { decisionSchema } from '../../../contracts/decision.ts';
import { idSchema } from '../../../contracts/ids.ts';
import type { Database } from '../../db/client.ts';
import { cards } from '../../db/tables/cards.ts';
import { ledger_transfers } from '../../db/tables/ledger.ts';
import { explainAuthorization } from '../../explanation/explain-authorization.ts';
import { transferViews } from '../accounts/transfer-view.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';
import { authorizationSchema, bookedEventSchema } from './authorization-view.ts';
import { explanationSchema } from './explanation-view.ts';
import { findAuthorization, listAuthorizations } from './find-authorization.ts';

const common = { method: 'get', tag: 'authorizations', scope: 'cards:read', forMerchants: false } as const;
const byId = z.strictObject({ authorization_id: idSchema('auth') });

function list(database: Database): Route {
  return route({
    ...common,
    path: '/authorizations',
    name: 'listAuthorizations',
    cost: costs.fullPage,
    summary: "List a card's authorizations, the newest first",
    query: z.strictObject({
      card_id: idSchema('card'),
      limit: limitSchema,
      cursor: cursorSchema(z.tuple([cursorNumber.transform(Number), idSchema('auth')])),
    }),
    answers: {
      status: 200,
      schema: z.strictObject({ authorizations: z.array(authorizationSchema), next_cursor: z.string().nullable() }),
      description: 'A page; `next_cursor` null on the last.',
    },
    errors: ['card_not_found'],
    async handle({ query: { card_id, limit, cursor } }) {
      const found = await listAuthorizations(database, { card_id, before: cursor, limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const next_cursor = last === undefined ? null : cursorOf(last.opened_at_ms, last.authorization_id);
      return { body: { authorizations: found.slice(0, limit), next_cursor } };
    },
  });
}

function explanation(database: Database): Route {
  return route({
    ...common,
    path: '/authorizations/{authorization_id}/explanation',
    name: 'explainAuthorization',
    cost: costs.history,
    summary: 'Why each of its requests was decided as it was, for people',
    params: byId,
    answers: { status: 200, schema: explanationSchema, description: 'With the controls as they were then.' },
    errors: ['authorization_not_found'],
    async handle({ params, sql }) {
      const found = await findAuthorization(database, params.authorization_id);
      const { authorization, joined, events, stream_id, card_id } = found;
      const [card] = card_id === null ? [] : await database.orm.select().from(cards).where(eq(cards.card_id, card_id));
      const life = {
        ...{ stream_id, card_id },
        currency: card?.profile.currency ?? authorization.currency,
        events: events.flatMap(({ body }) => (body === null ? [] : [body])),
      };
      return { body: { authorization, joined, ...(await explainAuthorization(sql, life)) } };
    },
  });
}

const timelineSchema = z.strictObject({
  authorization: authorizationSchema,
  joined: z.array(authorizationSchema),
  request: z.nullable(authorizationRequestSchema),
  decision: z.nullable(decisionSchema),
  events: z.array(bookedEventSchema),
  /** What of it needed a person, or still does. */
  open_items: z.array(
    z.strictObject({ open_item_id: idSchema('oit'), kind: z.string(), status: z.string(), summary: z.string() }),
  ),
});

function timeline(database: Database): Route {
  return route({
    ...common,
    path: '/authorizations/{authorization_id}/timeline',
    name: 'readAuthorizationTimeline',
    cost: costs.history,
    summary: 'Request, decision, events, and the transfers of each, in one answer',
    params: byId,
    answers: { status: 200, schema: timelineSchema, description: 'In the order of the card’s own count.' },
    errors: ['authorization_not_found'],
    async handle({ params, sql }) {
      const found = await findAuthorization(database, params.authorization_id);
      const { authorization, joined, events, stream_id } = found;
      const family = [authorization, ...joined].map(({ authorization_id }) => authorization_id);
      const { rows: open_items } = await sql.query(
        `select open_item_id, kind, status, summary from open_items where authorization_id = any($1::text[])
         order by open_item_no`,
        [family],
      );
      const sequences = events.map(({ sequence }) => sequence);
      const transfers = await database.orm
        .select()
        .from(ledger_transfers)
        .where(and(eq(ledger_transfers.stream_id, stream_id), inArray(ledger_transfers.sequence, sequences)))
        .orderBy(asc(ledger_transfers.transfer_no));
      const views = await transferViews(database.orm, transfers);
      const opening = events.find(({ kind }) => kind === 'authorization')?.body;
      return {
        body: {
          ...{ authorization, joined },
          request: opening?.kind === 'authorization' ? opening.request : null,
          decision: opening?.kind === 'authorization' ? opening.decision : null,
          open_items,
          events: events.map(({ body, sequence, received_at }) => ({
            ...body,
            received_at_ms: received_at.getTime(),
            transfers: views.filter((view) => view.sequence === sequence).map(({ sequence: _, ...view }) => view),
          })),
        },
      };
    },
  });
}

export function authorizationRoutes(database: Database): readonly Route[] {
  return [list(database), explanation(database), timeline(database)];
}
