// A message taken apart, for when the database refuses it whole: one message an event, and one that keeps its event's place only.

import { describeError } from '../log.ts';
import type { ReadMessage } from './read-message.ts';

/** In order. What could not be read of the message goes with the first. */
export function eachEventOf(message: ReadMessage): ReadMessage[] {
  return message.events.map((event, index) => ({
    ...message,
    events: [event],
    dead_letters: index === 0 ? message.dead_letters : [],
    of_newer: index === 0 ? message.of_newer : [],
  }));
}

/** The same place in the card's stream, with nothing to book; the event itself is a dead letter, to be taken again by a person. */
export function asDeadLetter(message: ReadMessage, error: unknown): ReadMessage {
  const { code, constraint } = describeError(error);
  const why = [code, constraint].filter((part) => part !== undefined).join(' ');
  return {
    ...message,
    events: message.events.map(({ sequence }) => ({ sequence, event: null, text: null })),
    dead_letters: [
      ...message.dead_letters,
      ...message.events.flatMap(({ sequence, text }) =>
        // Without a text it was unreadable before, and is a dead letter already.
        text === null
          ? []
          : [
              {
                source: 'card_events' as const,
                reason: `the database refuses it: ${why}`,
                message: `{"version":1,"card_key":${JSON.stringify(message.card_key)},"events":[${text}]}`,
                place: { card_key: message.card_key, sequence },
              },
            ],
      ),
    ],
  };
}
