// Every card that is known here, in pages: what the sweep compares with the edge, one after the other.

import { limits } from '../../contracts/limits.ts';
import type { Database } from '../db/client.ts';
import type { CardName } from './streams.ts';

/** How far a card's events came. */
export interface Behind extends CardName {
  readonly applied_sequence: string;
  /** The last event that came, booked or waiting for one before it. */
  readonly seen_sequence: string;
}

/**
 * The next page of names, of cards and of streams: a card may have no stream yet, all its events lost, and a stream may have no card here.
 * `is_there`: false of a stream without a card whose newest event is older than what the edge keeps, of which nothing is left there. Each side
 * by its own index, so that a page costs the same wherever it begins: a join of both read all cards for each page of a hundred.
 */
export async function cardsAfter(
  { sql }: Database,
  last: CardName,
  limit: number,
): Promise<(Behind & { readonly is_there: boolean })[]> {
  const { rows } = await sql.query<Behind & { is_there: boolean }>(
    `with named as (
       (select network, card_token from cards where (network, card_token) > ($1, $2) order by network, card_token limit $3)
       union
       (select network, card_token from card_streams where (network, card_token) > ($1, $2) order by network, card_token limit $3)
       order by network, card_token limit $3)
     select network, card_token, coalesce(s.applied_sequence, 0) as applied_sequence, coalesce(s.seen_sequence, 0) as seen_sequence,
       c.card_id is not null or exists (
         select from card_events e where e.stream_id = s.stream_id and e.sequence = s.seen_sequence
           and e.received_at > now() - $4 * interval '1 millisecond') as is_there
     from named left join cards c using (network, card_token) left join card_streams s using (network, card_token)
     order by network, card_token`,
    [last.network, last.card_token, limit, limits.retentionMs],
  );
  return rows;
}
