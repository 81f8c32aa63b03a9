// An event that is here and that the card must have, to be told to the card with each question: one that has it not, or has another one
// under its number, was set back (durable-objects/card/fence.ts).

import type { Sql } from '../db/client.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

export interface Acknowledged {
  readonly sequence: number;
  /** Null: it cannot be read here. */
  readonly event_id: string | null;
}

/**
 * Of each card, by `<network>:<card token>`, the newest one; but where events came under numbers that were taken, the first of those: what the card
 * numbered anew may have gone on beyond what was taken, and then its newest event is the newest here. Of a card that is not there nothing has come.
 */
export async function acknowledgedOf(sql: Sql, cards: readonly CardName[]): Promise<Map<string, Acknowledged>> {
  if (cards.length === 0) return new Map();
  const { rows } = await sql.query<CardName & { sequence: string; event_id: string | null }>(
    `select s.network, s.card_token, e.sequence, e.event_id
     from unnest($1::text[], $2::text[]) as asked(network, card_token)
     join card_streams s using (network, card_token)
     join card_events e on e.stream_id = s.stream_id and e.sequence = coalesce((
       select min((i.evidence ->> 'differs_at')::bigint) from open_items i
       where s.set_back_since is not null and i.card_key = s.network || ':' || s.card_token and i.kind = 'card_behind_ledger' and i.last_seen_at >= s.set_back_since
     ), (select max(kept.sequence) from card_events kept where kept.stream_id = s.stream_id))`,
    [cards.map(({ network }) => network), cards.map(({ card_token }) => card_token)],
  );
  return new Map(rows.map((row) => [keyOf(row), { sequence: Number(row.sequence), event_id: row.event_id }]));
}
