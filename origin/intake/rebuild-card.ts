// A card that was set back gets its past from here: what is booked of it, in order, in pages that fit in one call. The edge takes a page
// once and says where to go on, so that whatever is interrupted is begun again at no cost. The card decides again with the last page.

import * as z from 'zod';
import { limits } from '../../contracts/limits.ts';
import type { Sql } from '../db/client.ts';
import { EdgeRefused } from '../edge/edge-answer.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

/** Bytes of a page's events: what the edge takes of this call, less what is around them. */
const pageBytesMax = limits.batchBytesMax - 2_048;
/** The same of an edge of before, which takes no more than of any call; a profile of the largest size alone has room in it. */
const smallPageBytesMax = limits.bodyBytesMax - 2_048;
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
  let bytesMax = pageBytesMax;
  while (answer.is_fenced) {
    signal.throwIfAborted();
    const { sequence } = answer;
    const events = await pageAfter(sql, { ...card, stream_id }, { after: sequence, bytesMax });
    const next = await edge.rebuild(card, { until, events }).catch((error: unknown) => {
      const isTooLarge = error instanceof EdgeRefused && error.errorCode === 'body_too_large';
      if (!isTooLarge || bytesMax === smallPageBytesMax) throw error;
      return null;
    });
    if (next === null) {
      bytesMax = smallPageBytesMax;
      continue;
    }
    answer = next;
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
     from card_streams s left join card_events e on e.stream_id = s.stream_id and e.sequence = s.seen_sequence
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

/**
 * Where an event could not be read here, the card gets the text in which it came, which it wrote itself, or what a person has put in its
 * place. The first letter of a place is of the event that has it; later ones are of others.
 */
const pageOfPast = `
  select e.body, g.body as given_up, l.message
  from card_events e
  left join events_given_up g using (stream_id, sequence)
  left join lateral (
    select i.evidence ->> 'message' as message from open_items i
    where e.body is null and i.card_key = $4 and i.kind = 'dead_letter' and i.source = 'card_events'
      and (i.evidence -> 'place' ->> 'sequence')::bigint = e.sequence
    order by i.open_item_no limit 1
  ) l on true
  where e.stream_id = $1 and e.sequence > $2 order by e.sequence limit $3`;

async function pageAfter(
  sql: Sql,
  { stream_id, ...card }: CardName & { readonly stream_id: string },
  { after, bytesMax }: { readonly after: number; readonly bytesMax: number },
): Promise<object[]> {
  const { rows } = await sql.query<{ body: object | null; given_up: object | null; message: string | null }>(
    pageOfPast,
    [stream_id, after, rowsMax, keyOf(card)],
  );
  const page: object[] = [];
  let bytes = 0;
  for (const { body, given_up, message } of rows) {
    const event = body ?? given_up ?? eventOfLetter(message, after + 1 + page.length);
    bytes += event === null ? 0 : Buffer.byteLength(JSON.stringify(event)) + 1;
    if (event === null || (page.length > 0 && bytes > bytesMax)) break;
    page.push(event);
  }
  // A fact that cannot be read waits for a person, and the card with it.
  if (page.length === 0) throw new Error(`event ${after + 1} of a card that was set back cannot be read here`);
  return page;
}

const letterSchema = z.object({ events: z.tuple([z.looseObject({ kind: z.string(), at_ms: z.int() })]) });

/** Null: there is no text, or what it says is no event of any release. */
function eventOfLetter(message: string | null, sequence: number): object | null {
  if (message === null) return null;
  const letter = letterSchema.safeParse(JSON.parse(message)).data;
  return letter === undefined ? null : { ...letter.events[0], sequence };
}
