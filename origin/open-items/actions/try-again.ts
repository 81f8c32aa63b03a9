// try_again: a message that was not taken is handed in once more, when its reason is over. Its reader takes the same message twice
// as once.

import * as z from 'zod';
import { openItemAction } from '../action.ts';

const evidenceSchema = z.object({ message: z.string(), place: z.unknown().nullish() });

export const tryAgain = openItemAction({
  name: 'try_again',
  summary: 'Hand the message in once more, as it came.',
  kinds: ['dead_letter'],
  input: z.strictObject({}),
  effect: 'outside',
  async perform({ takers }, { source, evidence }) {
    const { message, place = null } = evidenceSchema.parse(evidence);
    const body = parsed(message);
    const take = source === 'card_events' || source === 'settlement_requests' ? takers[source] : undefined;
    // Its card's later events are booked: what it says of the hold would now be said too late.
    if (place !== null)
      return { outcome: 'refused', problem: 'cannot be done: the card has gone on without this event' };
    if (body === undefined || take === undefined)
      return { outcome: 'refused', problem: 'cannot be done: this is no message that anything reads' };
    const [taken] = await take([{ id: 'again', body }]);
    if (taken?.outcome === 'done') return { outcome: 'done', result: { taken: true } };
    if (taken?.outcome === 'dead_letter') return { outcome: 'refused', problem: 'was refused again, as before' };
    return { outcome: 'not_now', problem: 'could not be taken now' };
  },
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
