// Which of several queues takes a card's events: one queue takes 5,000 messages a second, and cards are spread over as many as there are bindings
// (CARD_EVENTS, CARD_EVENTS_2, …). With three of them `native:card_1` always goes to the same one. How many there are may change at any time: the
// origin puts a card's events in order by their sequence, whichever queue brings them, and drops what comes twice.

import { hashOf } from '../../contracts/hash-of.ts';

export interface EventQueues {
  readonly CARD_EVENTS: Queue;
  /** Numbered from 2, without a gap: what stands behind one is not used. */
  readonly [another: `CARD_EVENTS_${number}`]: Queue | undefined;
}

export function eventQueueOf(queues: EventQueues, cardKey: string): Queue {
  let count = 1;
  while (queues[`CARD_EVENTS_${count + 1}`] !== undefined) count++;
  return queues[`CARD_EVENTS_${(hashOf(cardKey) % count) + 1}`] ?? queues.CARD_EVENTS;
}
