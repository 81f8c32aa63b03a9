// Everything that is alerted on, in one place: ops/generate.ts makes of it the rules, their tests, the page and the routing.

import type { Alert, AlertGroup } from './alert.ts';
import { budgets } from './budgets.ts';
import { cards } from './cards.ts';
import { database, redisAndVault } from './dependencies.ts';
import { evidence } from './evidence.ts';
import { pipe, security, webhooks } from './house.ts';
import { payments } from './payments.ts';
import { providers } from './providers.ts';
import { settlement } from './settlements.ts';

export const groups: readonly AlertGroup[] = [
  ...[payments, providers, webhooks, database, redisAndVault, settlement, cards, pipe, security, evidence],
  budgets,
];

export const alerts: readonly Alert[] = groups.flatMap((group) => group.alerts);
