// Turns: so many calls of one tenant and one class of cost are in hand at once. Each tenant has a queue of its own, so whoever asks for much
// waits for itself. Between two turns of one tenant the event loop goes round once, so that others' calls come in between.

import { Gauge, type Registry } from 'prom-client';
import { type CostClass, type TurnBound, turnBounds } from './cost.ts';
import { refusal } from './errors.ts';

/** Longer than any turn of its class takes on a good day; a caller that has waited for so long has mostly gone. */
const waitMsMax = 10_000;

interface Queue {
  inHand: number;
  readonly waiting: Set<() => void>;
}

export interface Turns {
  /** Runs `work` when it is this tenant's turn. Refuses where too many wait already, or it has waited too long. */
  take<T>(asking: { tenant: string; costClass: CostClass; bound?: TurnBound }, work: () => Promise<T>): Promise<T>;
}

export function createTurns(registry: Registry): Turns {
  const queues: Record<CostClass, Map<string, Queue>> = { usual: new Map(), outside: new Map(), long: new Map() };
  measure(registry, queues);
  return {
    async take({ tenant, costClass, bound = turnBounds[costClass] }, work) {
      const ofClass = queues[costClass];
      const queue = ofClass.get(tenant) ?? { inHand: 0, waiting: new Set() };
      ofClass.set(tenant, queue);
      if (queue.inHand < bound.atOnce) queue.inHand += 1;
      else await waitIn(queue, bound);
      try {
        return await work();
      } finally {
        const [next] = queue.waiting;
        // Its turn stays taken for the one that comes next.
        if (next !== undefined) {
          queue.waiting.delete(next);
          setImmediate(next);
        } else {
          queue.inHand -= 1;
          if (queue.inHand === 0) ofClass.delete(tenant);
        }
      }
    },
  };
}

async function waitIn(queue: Queue, { waiting }: TurnBound): Promise<void> {
  if (queue.waiting.size >= waiting) throw refusal('too_many_at_once');
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      queue.waiting.delete(go);
      reject(refusal('too_many_at_once'));
    }, waitMsMax);
    const go = () => {
      clearTimeout(timer);
      resolve();
    };
    queue.waiting.add(go);
  });
}

function measure(registry: Registry, queues: Readonly<Record<CostClass, ReadonlyMap<string, Queue>>>): void {
  new Gauge({
    name: 'api_calls',
    help: 'Calls of the API by class of cost: in hand, and waiting for a turn of their own tenant',
    labelNames: ['class', 'state'],
    registers: [registry],
    collect() {
      for (const [name, ofClass] of Object.entries(queues)) {
        const all = [...ofClass.values()];
        this.set(
          { class: name, state: 'in_hand' },
          all.reduce((sum, { inHand }) => sum + inHand, 0),
        );
        this.set(
          { class: name, state: 'waiting' },
          all.reduce((sum, { waiting }) => sum + waiting.size, 0),
        );
      }
    },
  });
}
