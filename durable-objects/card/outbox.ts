// Log rows packed into queue messages: in order, several to a message, each message within the queue's size.

import type { CardEvent, CardEventsMessage } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { LogRow } from './card-log.ts';

const utf8 = new TextEncoder();

export function* packMessages(card_key: CardKey, rows: readonly LogRow[]): Generator<CardEventsMessage> {
  let events: CardEvent[] = [];
  let bytes = 0;
  for (const { sequence, at_ms, body } of rows) {
    const event: CardEvent = { sequence, at_ms, ...body };
    const eventBytes = utf8.encode(JSON.stringify(event)).length;
    if (
      events.length > 0 &&
      (bytes + eventBytes > limits.messageBytesMax || events.length === limits.eventsPerMessageMax)
    ) {
      yield { version: 1, card_key, events };
      events = [];
      bytes = 0;
    }
    events.push(event);
    bytes += eventBytes;
  }
  if (events.length > 0) yield { version: 1, card_key, events };
}
