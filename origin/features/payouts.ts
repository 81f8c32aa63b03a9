// What merchants are owed, and its way to them: accrual, the schedule, the settlement engine, requests by queue, and returns.

import { merchantRoutes } from '../api/settlements/merchants.ts';
import { settlementDeadLetterRoutes } from '../api/settlements/settlement-dead-letters.ts';
import { settlementTransfers } from '../api/settlements/settlement-transfers.ts';
import { settlementRoutes } from '../api/settlements/settlements.ts';
import { unassignedClearings } from '../api/settlements/unassigned-clearings.ts';
import type { Loop } from '../loop.ts';
import { createAccrualLoop } from '../merchants/accrual-loop.ts';
import { createRefundReleaseLoop } from '../merchants/tell-released.ts';
import { measureWithheld } from '../merchants/withheld-metrics.ts';
import { SettlementEngine } from '../payouts/engine.ts';
import { createFindPayments, type FindPayments } from '../payouts/lost-payments.ts';
import { createSchedule } from '../payouts/runs.ts';
import { createSettlementMetrics } from '../payouts/settlement-metrics.ts';
import { createDeadSettlementQueue, createSettlementQueue } from '../payouts/settlement-queue.ts';
import type { Provider } from '../providers/provider.ts';
import type { Audit } from './audit.ts';
import type { CardEvents } from './card-events.ts';
import type { Feature, Ground } from './feature.ts';
import type { Providers } from './providers.ts';

export interface Payouts extends Feature {
  readonly engine: Pick<SettlementEngine, 'state'>;
  readonly findPayments: FindPayments;
}

export interface PayoutParts extends Ground {
  readonly providers: Pick<Providers, 'paying' | 'listening'>;
  readonly cardEvents: Pick<CardEvents, 'queues' | 'deadQueues'>;
  readonly audit: Pick<Audit, 'lookIfSetBack'>;
}

export function createPayouts(parts: PayoutParts): Payouts {
  const { config, database, edge, registry, log } = parts;
  const { paying: providers, listening } = parts.providers;
  const engine = new SettlementEngine({ database, providers, log, metrics: createSettlementMetrics(registry) });
  const bounds = { perCard: config.UNAPPROVED_PER_CARD_MAX, perNetwork: config.UNAPPROVED_PER_NETWORK_MAX };
  return {
    engine,
    findPayments: createFindPayments({ database, providers: listening, log }),
    routes: [
      ...settlementRoutes(providers, config.IDEMPOTENCY_HOURS * 3_600_000),
      settlementTransfers,
      ...merchantRoutes((name, destination) => problemOfDestination(providers, name, destination)),
      unassignedClearings,
      ...settlementDeadLetterRoutes,
    ],
    loops: [
      createAccrualLoop({ database, log, unassigned: config.UNASSIGNED_CLEARINGS, bounds }),
      createSchedule({ database, log, providers, bounds }),
      createRefundReleaseLoop({ database, edge, log }),
      ...queueLoops(parts),
      ...engine.loops,
    ],
    gauges: [(shown) => measureWithheld(shown, database.sql)],
    beforeLoops: parts.audit.lookIfSetBack,
    close: () => engine.stop(),
  };
}

/** Requests for settlements, and the dead queue behind them. */
function queueLoops({ config, database, log, providers: { paying }, cardEvents }: PayoutParts): Loop[] {
  const { settlementQueue: queue, deadQueues } = config;
  // Before anything of it is counted: without a queue there is no series of one.
  if (queue === null) return [];
  const watch = cardEvents.queues('settlements');
  const pull = createSettlementQueue({ queue, database, log, providers: paying, watch });
  if (deadQueues.settlements === null) return [pull];
  const dead = { queue: deadQueues.settlements, database, log, providers: paying, metrics: cardEvents.deadQueues };
  return [pull, createDeadSettlementQueue(dead)];
}

function problemOfDestination(providers: readonly Provider[], name: string, destination: unknown): string | null {
  const provider = providers.find((one) => one.name === name);
  if (provider !== undefined) return provider.problemOfDestination(destination);
  const known = providers.map((one) => one.name).join(', ') || 'none';
  return `names no provider that is set up here (${known})`;
}
