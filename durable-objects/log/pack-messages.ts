// Log rows packed into queue messages: in order, several to a message, each message within the queue's size.

import type { CardEvent, CardEventsMessage } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';

const utf8 = new TextEncoder();

/** By an event's sequence, what stands beside the events of a message and not in them: the traces it came of, how long its request waited. */
export interface Beside {
  readonly traces: Map<number, string>;
  readonly answered_ms: Map<number, number>;
}

export function packMessages(card_key: CardKey, rows: readonly LoggedEvent[], beside?: Beside): CardEventsMessage[] {
  const events = rows.map(eventOf);
  return pack(card_key, events, Object.entries(beside ?? {}));
}

export function eventOf({ sequence, at_ms, body }: LoggedEvent): CardEvent {
  return { sequence, at_ms, ...body };
}

/** Halved until each part fits: a card rarely has more than one message's worth, so one look is mostly enough. */
function pack(
  card_key: CardKey,
  events: CardEvent[],
  beside: [string, ReadonlyMap<number, unknown>][],
): CardEventsMessage[] {
  if (events.length === 0) return [];
  const message: CardEventsMessage = { version: 1, card_key, events };
  for (const [name, all] of beside) {
    const own = events.flatMap(({ sequence }) => (all.has(sequence) ? [[sequence, all.get(sequence)]] : []));
    if (own.length > 0) Object.assign(message, { [name]: Object.fromEntries(own) });
  }
  const fits = events.length <= limits.eventsPerMessageMax && isWithinBytes(JSON.stringify(message));
  if (fits || events.length === 1) return [message];
  const half = Math.ceil(events.length / 2);
  return [...pack(card_key, events.slice(0, half), beside), ...pack(card_key, events.slice(half), beside)];
}

/** UTF-8 has one to three bytes for each unit of a text's length, so that only what lies between has to be encoded. */
function isWithinBytes(text: string): boolean {
  if (text.length * 3 <= limits.messageBytesMax) return true;
  return text.length <= limits.messageBytesMax && utf8.encode(text).length <= limits.messageBytesMax;
}
