// Log rows packed into queue messages: in order, several to a message, each message within the queue's size.

import { limits } from '../../contracts/limits.ts';
import type { Row } from './row.ts';

const utf8 = new TextEncoder();

/** By an event's sequence, what stands beside the events of a message and not in them: the traces it came of, how long its request waited. */
export interface Beside {
  readonly traces: Map<number, string>;
  readonly answered_ms: Map<number, number>;
}

/** One event as it travels: the row's body with its number and its instant. */
export type Travelling<Body> = Omit<Row<Body>, 'body'> & Body;

/** Some of a stream's events, in order, behind what its messages begin with. */
export type Packed<Head, Body> = Head & { readonly events: Travelling<Body>[] };

export function packMessages<Head extends object, Body extends object>(
  head: Head,
  rows: readonly Row<Body>[],
  beside?: Beside,
): Packed<Head, Body>[] {
  return pack(head, rows.map(eventOf), Object.entries(beside ?? {}));
}

export function eventOf<Body extends object>({ sequence, at_ms, body }: Row<Body>): Travelling<Body> {
  return { sequence, at_ms, ...body };
}

/** Halved until each part fits: an object rarely has more than one message's worth, so one look is mostly enough. */
function pack<Head extends object, Body>(
  head: Head,
  events: Travelling<Body>[],
  beside: [string, ReadonlyMap<number, unknown>][],
): Packed<Head, Body>[] {
  if (events.length === 0) return [];
  const message = { ...head, events };
  for (const [name, all] of beside) {
    const own = events.flatMap(({ sequence }) => (all.has(sequence) ? [[sequence, all.get(sequence)]] : []));
    if (own.length > 0) Object.assign(message, { [name]: Object.fromEntries(own) });
  }
  const fits = events.length <= limits.eventsPerMessageMax && isWithinBytes(JSON.stringify(message));
  if (fits || events.length === 1) return [message];
  const half = Math.ceil(events.length / 2);
  return [...pack(head, events.slice(0, half), beside), ...pack(head, events.slice(half), beside)];
}

/** UTF-8 has one to three bytes for each unit of a text's length, so that only what lies between has to be encoded. */
function isWithinBytes(text: string): boolean {
  if (text.length * 3 <= limits.messageBytesMax) return true;
  return text.length <= limits.messageBytesMax && utf8.encode(text).length <= limits.messageBytesMax;
}
