// GET /cards/:card_id/controls: each control of a card as it was written, and what is left of it. What is left is asked of
// the edge, which decides by it: this answers 503 while the edge is away, rather than guess.

import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import { definitionsOf } from '../controls/definitions.ts';
import type { Database } from '../db/client.ts';
import { cards } from '../db/schema.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { answer } from './answer.ts';
import { refusal } from './errors.ts';
import { pathId } from './read-request.ts';

export function readCardControls({ database, edge, log }: { database: Database; edge: EdgeClient; log: Logger }) {
  return async (context: Context): Promise<Response> => {
    const card_id = pathId(context, 'card', 'card_id', 'card_not_found');
    const [card] = await database.orm.select().from(cards).where(eq(cards.card_id, card_id));
    if (card === undefined) throw refusal('card_not_found');
    const { at_ms, profile_version, controls } = await edge.readControls(card).catch((error: unknown) => {
      log.warn({ err: error, card_id }, 'what is left of a card’s controls could not be read');
      throw refusal('edge_unavailable');
    });
    const definitions = await definitionsOf(database.sql, card_id, profile_version ?? 0);
    return answer(context, {
      card_id,
      /** The card's clock, when this was read. */
      at_ms,
      /** The profile that the edge decides by, and the newest one: until they are the same, the newest is on its way. */
      profile_version,
      newest_version: card.profile_version,
      controls: controls.map(({ control_id, mode, does, limit }) => ({
        ...{ control_id, mode, does },
        control_set: definitions.get(control_id)?.from ?? null,
        definition: definitions.get(control_id)?.definition ?? null,
        limit,
      })),
    });
  };
}
