// A stream's events as rows: stored once, before or after their turn comes.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Sql } from '../db/client.ts';
import { jsonColumn, numberColumn, wordColumn } from '../db/columns.ts';
import { readEvent } from './read-event.ts';
import type { ReadEvent } from './read-message.ts';
import type { Stream } from './streams.ts';

export interface PlacedEvent extends ReadEvent {
  readonly stream_id: number;
}

/**
 * No `on conflict`: the caller holds the streams' locks and has left out what is stored. A row that is there after all
 * means that it was wrong, and the primary key then refuses the whole batch.
 */
export async function insertEvents(sql: Sql, events: readonly PlacedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.query({
    name: 'insert_events',
    text: `insert into card_events (stream_id, sequence, kind, event_id, at_ms, authorization_id, body)
           select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[],
             string_to_array($7, E'\\n', '')::json[])`,
    values: [
      numberColumn(events.map(({ stream_id }) => stream_id)),
      numberColumn(events.map(({ sequence }) => sequence)),
      wordColumn(events.map(({ event }) => event?.kind ?? 'unreadable')),
      wordColumn(events.map(({ event }) => event?.event_id ?? null)),
      numberColumn(events.map(({ event }) => event?.at_ms ?? null)),
      wordColumn(
        events.map(({ event }) => (event === null || event.kind === 'profile' ? null : event.authorization_id)),
      ),
      jsonColumn(events.map(({ text }) => text)),
    ],
  });
}

/** What is stored ahead of a gap, for the streams that have one. */
export async function loadHeldBack(sql: Sql, streams: readonly Stream[]): Promise<PlacedEvent[]> {
  const behind = streams.filter(({ applied_sequence, seen_sequence }) => seen_sequence > applied_sequence);
  if (behind.length === 0) return [];
  const { rows } = await sql.query<{ stream_id: string; sequence: string; body: unknown }>(
    `select e.stream_id, e.sequence, e.body
     from unnest($1::bigint[], $2::bigint[]) as s(stream_id, applied_sequence)
     join card_events e on e.stream_id = s.stream_id and e.sequence > s.applied_sequence`,
    [
      numberColumn(behind.map(({ stream_id }) => stream_id)),
      numberColumn(behind.map(({ applied_sequence }) => applied_sequence)),
    ],
  );
  return rows.map(({ stream_id, sequence, body }) => ({
    stream_id: Number(stream_id),
    sequence: Number(sequence),
    event: body === null ? null : storedEvent(body),
    text: null,
  }));
}

/** An event that was read before it was stored, perhaps by an older release. */
function storedEvent(body: unknown): CardEvent {
  const read = readEvent(body);
  if ('event' in read) return read.event;
  throw new Error(`a stored event should be readable: ${read.error.issues[0]?.path.join('.')}`);
}

/**
 * Of events that came again, those whose place is taken by another event: the edge numbered two events alike, which it
 * never does unless its storage was set back in time.
 */
export async function findImpostors(sql: Sql, repeats: readonly PlacedEvent[]): Promise<Set<PlacedEvent>> {
  if (repeats.length === 0) return new Set();
  const { rows } = await sql.query<{ position: string }>(
    `select r.position
     from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality as r(stream_id, sequence, event_id, position)
     join card_events e on e.stream_id = r.stream_id and e.sequence = r.sequence
     where e.event_id <> r.event_id`,
    [
      numberColumn(repeats.map(({ stream_id }) => stream_id)),
      numberColumn(repeats.map(({ sequence }) => sequence)),
      wordColumn(repeats.map(({ event }) => event?.event_id ?? null)),
    ],
  );
  return new Set(rows.flatMap(({ position }) => repeats[Number(position) - 1] ?? []));
}
