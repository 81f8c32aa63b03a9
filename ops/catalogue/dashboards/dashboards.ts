// Every dashboard: in the order of I14, and the cards.

import type { Dashboard } from '../dashboard.ts';
import { gateway, paymentsApi } from './api.ts';
import { cards } from './cards.ts';
import { executive } from './executive.ts';
import { adapters, webhooks } from './money.ts';
import { database, queue, traces } from './pipe.ts';

export const dashboards: readonly Dashboard[] = [
  executive,
  cards,
  paymentsApi,
  gateway,
  adapters,
  webhooks,
  queue,
  database,
  traces,
];
