// A queue at its worst, by a seed: each message ten times, in any order within a window, some late, some never, and acknowledgements that do
// not arrive, so that what was taken comes again. What it does to each message is its own doing; nothing of it is known to the origin.

import { newId } from '../../contracts/ids.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import type { Message } from './queue-relay.ts';

export interface Misdelivery {
  /** What becomes of a message that the edge has sent: the deliveries of it. None: it is lost. */
  deliveriesOf(message: Message): readonly Message[];
  /** Out of those that wait, in another order than they came in; none where all are late. */
  pick(waiting: readonly Message[], most: number): readonly Message[];
  losesAcknowledgement(): boolean;
  readonly totals: { messages: number; lost: number; deliveries: number; late: number; acknowledgementsLost: number };
}

const copies = 10;
/** Deliveries within which any order is possible. */
const windowSize = 1_000;
const shares = { lost: 0.03, late: 0.1, acknowledgementLost: 0.1 };
const lateMsMax = 3_000;

export function createMisdelivery(seed: number): Misdelivery {
  const random = seededRandom(seed);
  const totals = { messages: 0, lost: 0, deliveries: 0, late: 0, acknowledgementsLost: 0 };
  const dueMs = new WeakMap<Message, number>();
  return {
    totals,
    deliveriesOf(message) {
      totals.messages += 1;
      if (random() < shares.lost) {
        totals.lost += 1;
        return [];
      }
      return Array.from({ length: copies }, () => {
        const delivery = { ...message, id: newId('req') };
        if (random() < shares.late) {
          totals.late += 1;
          dueMs.set(delivery, Date.now() + random() * lateMsMax);
        }
        return delivery;
      });
    },
    pick(waiting, most) {
      const due = waiting.filter((delivery) => (dueMs.get(delivery) ?? 0) <= Date.now()).slice(0, windowSize);
      const picked: Message[] = [];
      while (picked.length < most && due.length > 0) picked.push(...due.splice(Math.floor(random() * due.length), 1));
      totals.deliveries += picked.length;
      return picked;
    },
    losesAcknowledgement() {
      const isLost = random() < shares.acknowledgementLost;
      if (isLost) totals.acknowledgementsLost += 1;
      return isLost;
    },
  };
}
