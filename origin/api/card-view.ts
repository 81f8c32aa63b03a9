// A card as the API shows it: never with its network's token.

import { eq, type InferSelectModel } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { cards, edge_outbox } from '../db/schema.ts';
import { refusal } from './errors.ts';

export interface CardRow {
  readonly cards: InferSelectModel<typeof cards>;
  readonly edge_outbox: InferSelectModel<typeof edge_outbox> | null;
}

export function selectCards(orm: Database['orm']) {
  return orm.select().from(cards).leftJoin(edge_outbox, eq(edge_outbox.card_id, cards.card_id)).$dynamic();
}

export async function readCardView(orm: Database['orm'], cardId: string) {
  const [row] = await selectCards(orm).where(eq(cards.card_id, cardId));
  if (row === undefined) throw refusal('card_not_found');
  return cardView(row);
}

export function cardView({ cards: card, edge_outbox: outbox }: CardRow) {
  return {
    card_id: card.card_id,
    account_id: card.account_id,
    network: card.network,
    /** As the edge gets it: the control set's controls and then the card's own, with categories as codes. */
    profile: card.profile,
    /** The card's own controls, as they were written. */
    controls: card.controls,
    control_set:
      card.control_set_id === null ? null : { control_set_id: card.control_set_id, version: card.control_set_version },
    /** `pending`: the edge does not have the newest profile yet, and decides by `version`; 0: by none. */
    edge: {
      state: card.edge_version === card.profile_version ? 'stored' : 'pending',
      version: card.edge_version,
      attempts: outbox?.attempts ?? 0,
      last_error: outbox?.last_error ?? null,
    },
    created_at_ms: card.created_at.getTime(),
  };
}
