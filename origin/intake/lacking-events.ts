// Events of a card that are not here and that nobody can bring: they never came, and its own log has them no longer, or they came and cannot
// be read. A card that was set back stays fenced for one of them, and what came after one that never came waits; until a person gives it up.

import { newId } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';
import { jsonColumn, numberColumn } from '../db/columns.ts';
import type { CardName } from './streams.ts';

export interface Lacking {
  readonly stream_id: string;
  /** Numbers of those that never came, in order; the last one is below one that came, or below `until`. */
  readonly missing: readonly number[];
  /** Of those whose place is kept here, without a text. */
  readonly unreadable: readonly number[];
}

/** `until`: the first event that the card's own log still has, where it is known. Null: nothing of the card has come. */
export async function lackingOf(sql: Sql, { network, card_token }: CardName, until = 0): Promise<Lacking | null> {
  const { rows } = await sql.query<{ stream_id: string; missing: string[]; unreadable: string[] }>(
    `select s.stream_id,
       array(
         select n from generate_series(s.applied_sequence + 1, greatest(s.seen_sequence, $3::bigint - 1)) as n
         where not exists (select from card_events e where e.stream_id = s.stream_id and e.sequence = n) order by n
       ) as missing,
       array(
         select e.sequence from card_events e left join events_given_up g using (stream_id, sequence)
         where e.stream_id = s.stream_id and e.body is null and g.sequence is null order by e.sequence
       ) as unreadable
     from card_streams s where s.network = $1 and s.card_token = $2`,
    [network, card_token, until],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return { stream_id: row.stream_id, missing: row.missing.map(Number), unreadable: row.unreadable.map(Number) };
}

export interface GivenUp {
  readonly sequence: number;
  /** A void of a request that nobody made: it moves nothing, and every release can read it. */
  readonly body: object;
}

/** What stands for them, kept in the name of an open item. At the instant of the event before each. */
export async function giveUp(sql: Sql, { stream_id, missing, unreadable }: Lacking, openItemId: string): Promise<void> {
  const sequences = [...missing, ...unreadable];
  const { rows } = await sql.query<{ sequence: string; at_ms: string }>(
    `select n as sequence, coalesce((
       select e.at_ms from card_events e
       where e.stream_id = $1 and e.sequence < n and e.at_ms is not null order by e.sequence desc limit 1
     ), (extract(epoch from now()) * 1000)::bigint) as at_ms
     from unnest($2::bigint[]) as n`,
    [stream_id, numberColumn(sequences)],
  );
  const bodies = rows.map(({ sequence, at_ms }) => voidOfNothing(Number(sequence), Number(at_ms)));
  // `on conflict`: a person who asks twice gives up once.
  await sql.query(
    `insert into events_given_up (stream_id, sequence, open_item_id, body)
     select $1, n, $2, body from unnest($3::bigint[], string_to_array($4, E'\\n', '')::json[]) as g(n, body)
     on conflict (stream_id, sequence) do nothing`,
    [
      stream_id,
      openItemId,
      numberColumn(bodies.map(({ sequence }) => sequence)),
      jsonColumn(bodies.map((body) => JSON.stringify(body))),
    ],
  );
}

function voidOfNothing(sequence: number, at_ms: number) {
  const event_id = newId('evt');
  return {
    ...{ sequence, at_ms, kind: 'void', event_id },
    // No network has such keys.
    request_key: `given-up:${event_id}`,
    ...{ authorization_id: null, authorization_key: null, voided_minor: 0 },
    effect: { hold_minor: 0, posted_minor: 0 },
  };
}

/** What stands for events by an item's name, in order; `isHere`: an event has come under that number, readable or not. */
export async function givenUpBy(
  sql: Sql,
  openItemId: string,
): Promise<readonly (GivenUp & { readonly isHere: boolean })[]> {
  const { rows } = await sql.query<{ sequence: string; body: object; is_here: boolean }>(
    `select g.sequence, g.body, e.sequence is not null as is_here
     from events_given_up g left join card_events e using (stream_id, sequence)
     where g.open_item_id = $1 order by g.sequence`,
    [openItemId],
  );
  return rows.map(({ sequence, body, is_here }) => ({ sequence: Number(sequence), body, isHere: is_here }));
}
