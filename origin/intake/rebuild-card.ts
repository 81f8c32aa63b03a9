// A card that was set back gets its past from here: what is booked of it, in order, in pages that fit in one call. The edge takes a page
// once and says where to go on, so that whatever is interrupted is begun again at no cost. The card decides again with the last page.

import { limits } from '../../contracts/limits.ts';
import type { Sql } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { CardName } from './streams.ts';

/** Bytes of a page's events. A body has room for that and for what is around them, and for a profile of the largest size alone. */
const pageBytesMax = limits.bodyBytesMax - 2_048;
const rowsMax = 500;

export interface Rebuilt {
  /** The last event of its past. */
  readonly sequence: number;
  /** What it had numbered anew since, which comes under new numbers. */
  readonly told_again: number;
}

/** Throws where the past is not whole here, or the card cannot take it now. */
export async function rebuildCard(
  { sql, edge }: { readonly sql: Sql; readonly edge: Pick<EdgeClient, 'rebuild'> },
  card: CardName,
  signal: AbortSignal,
): Promise<Rebuilt> {
  const { stream_id, until } = await pastOf(sql, card);
  let answer = await edge.rebuild(card, { until, events: [] });
  while (answer.is_fenced) {
    signal.throwIfAborted();
    const { sequence } = answer;
    answer = await edge.rebuild(card, { until, events: await pageAfter(sql, stream_id, sequence) });
    if (answer.is_fenced && answer.sequence <= sequence) throw new Error(`the card stays at event ${sequence}`);
  }
  return { sequence: until.sequence, told_again: answer.told_again };
}

async function pastOf(sql: Sql, { network, card_token }: CardName) {
  const { rows } = await sql.query<{
    stream_id: string;
    applied_sequence: string;
    seen_sequence: string;
    event_id: string | null;
  }>(
    `select s.stream_id, s.applied_sequence, s.seen_sequence, e.event_id
     from card_streams s join card_events e on e.stream_id = s.stream_id and e.sequence = s.seen_sequence
     where s.network = $1 and s.card_token = $2`,
    [network, card_token],
  );
  const [past] = rows;
  if (past === undefined) throw new Error('nothing of the card is here');
  const { stream_id, event_id } = past;
  // Its own next numbers would be taken by what waits here.
  if (past.applied_sequence !== past.seen_sequence)
    throw new Error(`event ${Number(past.applied_sequence) + 1} of a card that was set back has not come yet`);
  return { stream_id, until: { sequence: Number(past.seen_sequence), event_id } };
}

async function pageAfter(sql: Sql, streamId: string, after: number): Promise<Record<string, unknown>[]> {
  const { rows } = await sql.query<{ body: Record<string, unknown> | null }>(
    'select body from card_events where stream_id = $1 and sequence > $2 order by sequence limit $3',
    [streamId, after, rowsMax],
  );
  const page: Record<string, unknown>[] = [];
  let bytes = 0;
  for (const { body } of rows) {
    bytes += body === null ? 0 : Buffer.byteLength(JSON.stringify(body)) + 1;
    if (body === null || (page.length > 0 && bytes > pageBytesMax)) break;
    page.push(body);
  }
  // A fact that cannot be read waits for a person, and the card with it.
  if (page.length === 0) throw new Error(`event ${after + 1} of a card that was set back cannot be read here`);
  return page;
}
