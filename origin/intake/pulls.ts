// All that the origin pulls of what cards say: each queue of their events by a loop of its own, so that they are emptied at the same time; their
// dead queue, which is one for all of them; and the dead queue of what cards must still be told.

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Database } from '../db/client.ts';
import type { Loop } from '../loop.ts';
import { pullNames, type Queues } from '../queue-config.ts';
import { createDeadQueue, type DeadQueueMetrics } from '../queues/dead-queue.ts';
import type { Message } from '../queues/message.ts';
import { createPull } from '../queues/pull.ts';
import type { QueueMetrics } from '../queues/queue-metrics.ts';
import { createQueueToken, createTokenMetric } from '../queues/queue-token.ts';
import type { Intake } from './intake.ts';

interface PullParts {
  readonly database: Database;
  readonly intake: Intake;
  readonly log: Logger;
  readonly registry: Registry;
  readonly queues: QueueMetrics;
  readonly deadQueues: DeadQueueMetrics;
}

/** `pulls`: none where no queue is configured, and the edge hands its events over itself. */
export function pullsOf(config: Queues, { queues, deadQueues: metrics, registry, ...parts }: PullParts) {
  const { eventQueues, deadQueues } = config;
  const [{ intake, log }, { cardEvents, standIns }] = [parts, deadQueues];
  const pulls: Loop[] = eventQueues.map((queue, index) => {
    const name = pullNames[index];
    if (name === undefined) throw new Error(`more than ${pullNames.length} queues of card events`);
    // As the deployment names the queues: the second is atlas-card-events-2.
    const watch = queues(index === 0 ? 'card events' : `card events ${index + 1}`);
    return createPull({ name, queue, intake, log, watch, atOnceMax: atOnceOf(eventQueues.length) });
  });
  const take = (messages: readonly Message[]) => intake.take(messages);
  const watch = createTokenMetric(registry);
  // One token for all of them.
  const beside: Loop[] = eventQueues.slice(0, 1).map((queue) => createQueueToken({ queue, watch, log }));
  if (cardEvents !== null)
    beside.push(
      createDeadQueue({ name: 'dead queue', source: 'card_events', queue: cardEvents, take, metrics, ...parts }),
    );
  // Only the edge can tell a card: what came out of its dead queue is for a person from the first.
  if (standIns !== null)
    beside.push(
      createDeadQueue({
        ...{ name: 'dead stand-ins queue', source: 'card_notices', queue: standIns, take: null, metrics, ...parts },
      }),
    );
  if (pulls.length > 0 && cardEvents === null)
    log.warn('CLOUDFLARE_DEAD_QUEUE_ID is not set: what comes into the dead queue of cards is deleted after 14 days');
  return { pulls, beside };
}

/** Batches under way over all queues: more than intake books at one time, so that none waits for the way to the queue and back. */
const batchesMax = 8;

/** Of one of so many queues: 4 of one, or of two; 1 of eight. */
function atOnceOf(queues: number): number {
  return Math.max(1, Math.min(4, Math.floor(batchesMax / queues)));
}
