// What cards say: pulled or pushed, booked, what is missing asked for; and money that came before its card.

import { measureFencedCards } from '../intake/fenced-cards.ts';
import { Intake } from '../intake/intake.ts';
import { createIntakeMetrics } from '../intake/intake-metrics.ts';
import { pullsOf } from '../intake/pulls.ts';
import { createGapRepair } from '../intake/repair.ts';
import { createRepairMetrics, type RepairMetrics } from '../intake/repair-metrics.ts';
import { createSuspenseLoop } from '../intake/suspense-loop.ts';
import { createSweep } from '../intake/sweep.ts';
import { measureWithholding } from '../intake/withholding-cards.ts';
import type { Loop } from '../loop.ts';
import { createDeadQueueMetrics, type DeadQueueMetrics } from '../queues/dead-queue.ts';
import { createQueueMetrics, type QueueMetrics } from '../queues/queue-metrics.ts';
import type { Feature, Ground } from './feature.ts';

export interface CardEvents extends Feature {
  readonly intake: Intake;
  /** One a queue; none where the edge pushes. */
  readonly pulls: readonly Loop[];
  readonly repairMetrics: RepairMetrics;
  /** Of all queues that the origin pulls, those of settlements too. */
  readonly queues: QueueMetrics;
  readonly deadQueues: DeadQueueMetrics;
}

export function createCardEvents({ config, database, edge, registry, log }: Ground): CardEvents {
  const intake = new Intake({ database, log, metrics: createIntakeMetrics(registry, config.NETWORKS) });
  const repairMetrics = createRepairMetrics(registry);
  const repair = { database, edge, intake, log, metrics: repairMetrics };
  const queues = createQueueMetrics(registry);
  const deadQueues = createDeadQueueMetrics(registry, queues);
  const { pulls, beside } = pullsOf(config, { database, intake, log, registry, queues, deadQueues });
  return {
    ...{ intake, pulls, repairMetrics, queues, deadQueues },
    routes: [],
    loops: [createGapRepair(repair), createSweep(repair), createSuspenseLoop({ database, log }), ...pulls, ...beside],
    gauges: [(shown) => measureFencedCards(shown, database.sql), (shown) => measureWithholding(shown, database.sql)],
    close: () => intake.close(),
  };
}
