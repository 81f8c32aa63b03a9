// Turns: so many calls of one tenant and one class of cost are in hand at once. Each tenant has a queue of its own, so whoever asks for much
// waits for itself. And each tenant begins one call in a round of the event loop: a hundred that arrive together are begun in a
// hundred rounds, and others' calls come in between, however much each computes before it first waits for something.

import { Gauge, type Registry } from 'prom-client';
import { refusal } from '../../errors.ts';
import { type TurnBound, type TurnClass, turnBounds } from './cost.ts';

/** Longer than any turn of its class takes on a good day; a caller that has waited for so long has mostly gone. */
const waitMsMax = 10_000;

/** In the order in which they may begin. */
type Waiting = Set<() => void>;

interface Queue {
  inHand: number;
  readonly waiting: Waiting;
  /** One has begun in this round of the event loop, or within its pace. */
  hasBegun: boolean;
}

export interface Turns {
  /** Runs `work` when it is this tenant's turn. Refuses where too many wait already, or it has waited too long. */
  take<T>(asking: { tenant: string; turnClass: TurnClass }, work: () => Promise<T>): Promise<T>;
}

/** A tenant that has asked for nothing for so long shares nothing. */
const sharedMs = 1_000;

/** `burst`: calls of a second's quota. Beside another tenant they take 0.4 s of that second: a quota of 100 is begun 4 ms apart. */
export function createTurns(registry: Registry, { burst }: { burst: number }): Turns {
  const paceMs = 400 / burst;
  let newest = '';
  let sharedUntilMs = 0;
  const see = (tenant: string): void => {
    if (tenant !== newest && newest !== '') sharedUntilMs = performance.now() + sharedMs;
    newest = tenant;
  };
  /** Timers are of whole milliseconds; a pace below that is one of rounds. */
  const afterPace = (turnClass: TurnClass, next: () => void): void => {
    if (turnClass !== 'body' && paceMs >= 1 && performance.now() < sharedUntilMs) setTimeout(next, paceMs);
    else setImmediate(next);
  };
  const queues: Record<TurnClass, Map<string, Queue>> = {
    ...{ usual: new Map(), page: new Map(), outside: new Map(), long: new Map() },
    ...{ together: new Map(), body: new Map() },
  };
  measure(registry, queues);
  return {
    async take({ tenant, turnClass }, work) {
      const ofClass = queues[turnClass];
      const bound = turnBounds[turnClass];
      const goOn = (next: () => void) => afterPace(turnClass, next);
      see(tenant);
      const queue = ofClass.get(tenant) ?? { inHand: 0, waiting: new Set(), hasBegun: false };
      ofClass.set(tenant, queue);
      const beginNext = (): void => {
        const [next] = queue.waiting;
        if (next !== undefined && queue.inHand < bound.atOnce) {
          queue.waiting.delete(next);
          begin(queue, goOn, beginNext);
          next();
        } else if (queue.inHand === 0 && queue.waiting.size === 0 && !queue.hasBegun) ofClass.delete(tenant);
      };
      if (queue.inHand < bound.atOnce && !queue.hasBegun && queue.waiting.size === 0) begin(queue, goOn, beginNext);
      else await waitIn(queue, bound);
      try {
        return await work();
      } finally {
        queue.inHand -= 1;
        if (!queue.hasBegun) beginNext();
      }
    },
  };
}

/** The next one begins in the next round at the earliest. */
function begin(queue: Queue, goOn: (next: () => void) => void, beginNext: () => void): void {
  queue.inHand += 1;
  queue.hasBegun = true;
  goOn(() => {
    queue.hasBegun = false;
    beginNext();
  });
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
function measure(registry: Registry, queues: Readonly<Record<TurnClass, ReadonlyMap<string, Queue>>>): void {
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
