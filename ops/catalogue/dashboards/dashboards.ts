// Every dashboard, in the order of I14.

import type { Dashboard } from '../dashboard.ts';
import { gateway, paymentsApi } from './api.ts';
import { executive } from './executive.ts';
import { adapters, webhooks } from './money.ts';
import { database, queue, traces } from './pipe.ts';

export const dashboards: readonly Dashboard[] = [
  executive,
  paymentsApi,
  gateway,
  adapters,
  webhooks,
  queue,
  database,
  traces,
];
