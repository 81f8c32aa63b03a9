// Keys of money, for longer than a card remembers them. A card forgets its messages after 35 days (`limits.retentionMs`); their events stay
// here, so that a clearing or a refund that is told once more after that is not booked a second time. Looked for only where the card could
// not know: its events go further back than its memory.

import type { CardEvent } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import type { CardSequence } from './sort-out.ts';

/** How far back a key is looked for: longer than any network's disputes and adjustments go. Events must be kept for as long. */
const keysOfMoneyDays = 18 * 31;

type MessageEvent = Extract<CardEvent, { kind: 'message' }>;

/** Ids of the events, of those that this batch books, whose money was booked before under the same key of the same card. */
export async function findBookedBefore(sql: Sql, sequences: readonly CardSequence[]): Promise<ReadonlySet<string>> {
  const money = sequences.flatMap(({ stream, run }) =>
    run.flatMap(({ event, sequence }) => (event !== null && movesMoney(event) ? [{ stream, sequence, event }] : [])),
  );
  if (money.length === 0) return new Set();
  const { rows } = await sql.query<{ event_id: string }>({
    name: 'find_booked_before',
    // First the cards that are older than their memory, by their first event: few, and none in a new program. `materialized`: only
    // theirs are gone through.
    text: `with old as materialized (
             select m.* from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
               as m(stream_id, sequence, at_ms, message_key, event_id)
             where exists (select from card_events first
               where first.stream_id = m.stream_id and first.sequence = 1 and first.at_ms < m.at_ms - $6::bigint)
           )
           select old.event_id from old where exists (
             select from card_events e
             where e.stream_id = old.stream_id and e.sequence < old.sequence and e.kind = 'message'
               and e.at_ms < old.at_ms - $6::bigint and e.at_ms > old.at_ms - $7::bigint
               and e.body -> 'message' ->> 'message_key' = old.message_key)`,
    values: [
      numberColumn(money.map(({ stream }) => stream.stream_id)),
      numberColumn(money.map(({ sequence }) => sequence)),
      numberColumn(money.map(({ event }) => event.at_ms)),
      money.map(({ event }) => event.message.message_key),
      money.map(({ event }) => event.event_id),
      limits.retentionMs,
      keysOfMoneyDays * 86_400_000,
    ],
  });
  return new Set(rows.map(({ event_id }) => event_id));
}

function movesMoney(event: CardEvent): event is CardEvent & MessageEvent {
  return event.kind === 'message' && (event.message.kind === 'clearing' || event.message.kind === 'refund');
}

/** As it is booked: known, and without any money. */
export function withoutMoney<E extends CardEvent>(event: E): E {
  return 'effect' in event ? { ...event, effect: { hold_minor: 0, posted_minor: 0 } } : event;
}
