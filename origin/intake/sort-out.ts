// Which events of a batch are new, which came again, and which have their turn: everything up to the first one missing. Pure.

import { type CardKey, cardKey, networkSchema } from '../../contracts/network.ts';
import type { PlacedEvent } from './events.ts';
import type { ReadMessage } from './read-message.ts';
import type { CardName, Stream } from './streams.ts';

export interface CardSequence {
  readonly stream: Stream;
  /** In order, from the first not yet booked. */
  readonly run: readonly PlacedEvent[];
  readonly applied_sequence: number;
  readonly seen_sequence: number;
  readonly held_back: number;
}

export interface SortedBatch {
  readonly sequences: readonly CardSequence[];
  /** To be stored: neither booked nor waiting. */
  readonly fresh: readonly PlacedEvent[];
  /** Stored before, or twice in this batch. */
  readonly repeats: readonly PlacedEvent[];
  /** Of each message that brought something new, when the newest of that happened. A card may send again what was booked long ago. */
  readonly fresh_at_ms: readonly number[];
}

export function keyOf({ network, card_token }: CardName): CardKey {
  return cardKey(networkSchema.parse(network), card_token);
}

export function sortOut(
  streams: readonly Stream[],
  messages: readonly ReadMessage[],
  waiting: readonly PlacedEvent[],
): SortedBatch {
  const fresh: PlacedEvent[] = [];
  const repeats: PlacedEvent[] = [];
  const fresh_at_ms: number[] = [];
  const unbooked = new Map(
    streams.map((stream) => [keyOf(stream), { stream, events: new Map<number, PlacedEvent>() }]),
  );
  // Seen, and not stored: nothing of them can be. The gap that they leave is read from the card's log again and again.
  const awaited = new Map<CardKey, number>();
  const byId = new Map([...unbooked.values()].map(({ stream, events }) => [stream.stream_id, events]));
  for (const event of waiting) byId.get(event.stream_id)?.set(event.sequence, event);

  for (const message of messages) {
    const card = unbooked.get(message.card_key);
    if (card === undefined) throw new Error('a message of a card that is not in the batch');
    const { stream, events } = card;
    let newest: number | undefined;
    for (const read of message.events) {
      const event = { ...read, stream_id: stream.stream_id };
      if (read.sequence <= stream.applied_sequence || events.has(read.sequence)) {
        repeats.push(event);
        continue;
      }
      events.set(read.sequence, event);
      fresh.push(event);
      newest = event.event?.at_ms ?? newest;
    }
    if (newest !== undefined) fresh_at_ms.push(newest);
    for (const sequence of message.of_newer)
      awaited.set(message.card_key, Math.max(sequence, awaited.get(message.card_key) ?? 0));
  }
  const sequences = [...unbooked.values()].map(({ stream, events }) =>
    sequenceOf(stream, events, awaited.get(keyOf(stream)) ?? 0),
  );
  return { sequences, fresh, repeats, fresh_at_ms };
}

function sequenceOf(stream: Stream, unbooked: ReadonlyMap<number, PlacedEvent>, awaited: number): CardSequence {
  const run: PlacedEvent[] = [];
  for (let next = unbooked.get(stream.applied_sequence + 1); next !== undefined; next = unbooked.get(next.sequence + 1))
    run.push(next);
  let seen_sequence = Math.max(stream.seen_sequence, awaited);
  for (const sequence of unbooked.keys()) seen_sequence = Math.max(seen_sequence, sequence);
  return {
    stream,
    run,
    applied_sequence: stream.applied_sequence + run.length,
    seen_sequence,
    held_back: unbooked.size - run.length,
  };
}
