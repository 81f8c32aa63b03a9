// Which cards a backtest looks at: one, or a sample of a program's, the same ones whenever it is drawn with the same seed.

import type { Sql } from '../db/client.ts';

export interface Population {
  readonly column: 'card_id' | 'control_set_id' | 'account_id';
  readonly id: string;
}

export interface SampledCard {
  readonly card_id: string;
  readonly stream_id: string;
  /** Every event up to here is booked, without gaps; what comes while the backtest runs is not looked at. */
  readonly applied_sequence: number;
}

export async function sampleCards(
  sql: Sql,
  { column, id }: Population,
  { size, seed }: { readonly size: number; readonly seed: number },
): Promise<{ readonly total: number; readonly cards: readonly SampledCard[] }> {
  const { rows } = await sql.query<SampledCard & { total: number }>(
    // By a digest of seed and id: an order that says nothing about the cards. `column` is one of three words of ours.
    `select c.card_id, s.stream_id, s.applied_sequence::int, count(*) over ()::int as total
     from cards c join card_streams s using (network, card_token)
     where c.${column} = $1 order by md5($3::text || c.card_id), c.card_id limit $2`,
    [id, size, seed],
  );
  return { total: rows[0]?.total ?? 0, cards: rows };
}

/** How many of the controls of each version of a card's profile were the card's own: the last ones. */
export async function ownControlCounts(sql: Sql, cardId: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql.query<{ version: number; own: number }>(
    'select version, json_array_length(controls) as own from card_profiles where card_id = $1',
    [cardId],
  );
  return new Map(rows.map(({ version, own }) => [version, own]));
}
