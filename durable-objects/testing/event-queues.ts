// The queues of card events, for tests: what cards send is heard by the test, whichever of them it goes to.

import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { CardEventsMessage } from '../../contracts/card-event.ts';
import type { EventQueues } from '../log/event-queue.ts';

const taken = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };

/** Instead of the queues `hears` is given each message; where it throws or rejects, the queue has refused it. Returns how that is ended. */
export function hearEvents(hears: (message: CardEventsMessage) => unknown = () => undefined): () => void {
  const { CARD_EVENTS, CARD_EVENTS_2 } = env as unknown as EventQueues;
  if (CARD_EVENTS_2 === undefined) throw new Error('a development edge has two queues of card events');
  const spies = [CARD_EVENTS, CARD_EVENTS_2].map((queue) =>
    vi.spyOn(queue, 'send').mockImplementation(async (message) => {
      await hears(message as CardEventsMessage);
      return taken;
    }),
  );
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}

export function queuesAway(): () => void {
  return hearEvents(() => Promise.reject(new Error('the queue is away')));
}
