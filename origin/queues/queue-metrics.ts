// What each pull says of its queue. No figure where the queue does not answer: an old one would look like a fresh one.

import { Counter, Gauge, type Registry } from 'prom-client';

/** Of one queue: told by its pull. */
export interface QueueWatch {
  /** `backlog`: null where the answer does not say. `oldestAgeMs`: of the messages that were pulled; 0 where none was. */
  pulled(answer: { readonly backlog: number | null; readonly oldestAgeMs: number }): void;
  failed(): void;
}

export type QueueMetrics = (queue: string) => QueueWatch;

export function createQueueMetrics(registry: Registry): QueueMetrics {
  const [labelNames, registers] = [['queue'] as const, [registry]];
  const backlogs = new Gauge({
    name: 'queue_backlog_messages',
    help: 'Messages that wait in the queue, by its own estimate at the last pull',
    ...{ labelNames, registers },
  });
  const ages = new Gauge({
    name: 'queue_oldest_age_seconds',
    help: 'How long the oldest message of the last pull had waited in the queue; 0 where it was empty',
    ...{ labelNames, registers },
  });
  const failures = new Counter({
    name: 'queue_pull_failures_total',
    help: 'Pulls and acknowledgements that the queue did not answer, or not as documented',
    ...{ labelNames, registers },
  });
  return (queue) => {
    failures.inc({ queue }, 0);
    return {
      pulled({ backlog, oldestAgeMs }) {
        if (backlog === null) backlogs.remove({ queue });
        else backlogs.set({ queue }, backlog);
        ages.set({ queue }, oldestAgeMs / 1_000);
      },
      failed() {
        failures.inc({ queue });
        backlogs.remove({ queue });
        ages.remove({ queue });
      },
    };
  };
}

/** For whoever pulls and shows nothing: in tests. */
export const unwatchedQueue: QueueWatch = { pulled: () => {}, failed: () => {} };
