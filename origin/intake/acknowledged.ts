// An event that is here and that the card must have, to be told to the card with each question: one that has it not, or has another one
// under its number, was set back (durable-objects/card/fence.ts).

import type { Sql } from '../db/client.ts';
import type { CardName } from './streams.ts';

export interface Acknowledged {
  readonly sequence: number;
  /** Null: it cannot be read here. */
  readonly event_id: string | null;
}

/**
 * The newest one; but where events came under numbers that were taken, the first of those: what the card numbered anew may have gone on
 * beyond what was taken, and then its newest event is the newest here. Undefined: nothing of the card has come.
 */
export async function acknowledgedOf(sql: Sql, { network, card_token }: CardName): Promise<Acknowledged | undefined> {
  const { rows } = await sql.query<{ sequence: string; event_id: string | null }>(
    `select e.sequence, e.event_id
     from card_streams s
     join card_events e on e.stream_id = s.stream_id and e.sequence = coalesce((
       select min((i.evidence ->> 'differs_at')::bigint) from open_items i
       where s.set_back_since is not null and i.card_key = s.network || ':' || s.card_token and i.kind = 'card_behind_ledger' and i.last_seen_at >= s.set_back_since
     ), (select max(kept.sequence) from card_events kept where kept.stream_id = s.stream_id))
     where s.network = $1 and s.card_token = $2`,
    [network, card_token],
  );
  const [row] = rows;
  return row === undefined ? undefined : { sequence: Number(row.sequence), event_id: row.event_id };
}
