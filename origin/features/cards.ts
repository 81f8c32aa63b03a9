// Cards, whose they are, and their controls: made and changed here, pushed to the edge until it has them; what was decided, and why.

import { authorizationRoutes } from '../api/authorizations/authorizations.ts';
import { cardComparisonRoutes } from '../api/cards/card-comparison.ts';
import { cardControlRoutes } from '../api/cards/card-controls.ts';
import { cardStandInRoutes } from '../api/cards/card-stand-in.ts';
import { cardRoutes } from '../api/cards/cards.ts';
import { changeCardRoutes } from '../api/cards/change-card.ts';
import { cardsOfEmployeesRoutes } from '../api/companies/cards-of-employees.ts';
import { companyRoutes } from '../api/companies/companies.ts';
import { departmentRoutes } from '../api/companies/departments.ts';
import { employeeRoutes } from '../api/companies/employees.ts';
import { applyControlSetRoutes } from '../api/controls/apply-control-set-version.ts';
import { backtestRoutes } from '../api/controls/backtest-controls.ts';
import { categoryRoutes } from '../api/controls/categories.ts';
import { controlSetRoutes } from '../api/controls/control-sets.ts';
import { distributionRoutes } from '../api/controls/distributions.ts';
import { createDistributions } from '../controls/distribute.ts';
import { measureDistributions } from '../controls/distribution-metrics.ts';
import { createOutbox } from '../edge/outbox.ts';
import type { CardEvents } from './card-events.ts';
import { type Feature, type Ground, nothingToClose } from './feature.ts';

export interface CardFeatureParts extends Ground {
  readonly cardEvents: Pick<CardEvents, 'intake' | 'repairMetrics'>;
}

export function createCards(ground: CardFeatureParts): Feature {
  const { config, database, apiDatabase, edge, log } = ground;
  const outbox = createOutbox({ database, edge, log });
  const parts = { ...ground.cardEvents, database: apiDatabase, edge, outbox, log, networks: config.NETWORKS };
  return {
    routes: [
      ...cardRoutes(parts),
      ...changeCardRoutes(parts),
      ...cardControlRoutes(parts),
      ...cardComparisonRoutes(parts),
      ...cardStandInRoutes(parts),
      ...companyRoutes,
      ...departmentRoutes,
      ...employeeRoutes,
      ...cardsOfEmployeesRoutes(parts),
      ...controlSetRoutes,
      ...applyControlSetRoutes(parts),
      ...distributionRoutes,
      ...backtestRoutes(),
      ...categoryRoutes,
      ...authorizationRoutes(apiDatabase),
    ],
    loops: [outbox.loop, createDistributions({ database, log })],
    gauges: [(shown) => measureDistributions(shown, database.sql)],
    close: nothingToClose,
  };
}
