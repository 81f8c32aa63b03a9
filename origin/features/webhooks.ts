// Webhooks to partners: their endpoints, the messages to each, and their delivery.

import { webhookEndpointRoutes } from '../api/webhooks/webhook-endpoints.ts';
import { webhookMessageRoutes } from '../api/webhooks/webhook-messages.ts';
import { createDelivery } from '../notify/delivery.ts';
import { createLookAt } from '../notify/looks.ts';
import { createNotifyMetrics } from '../notify/notify-metrics.ts';
import { createSafeFetch, type Resolve } from '../notify/safe-fetch.ts';
import { createSecretBox } from '../notify/secret-box.ts';
import { sealingKeys } from '../secrets/sealing-keys.ts';
import type { Feature, Ground } from './feature.ts';

export interface WebhookParts extends Ground {
  /** How names are resolved, where it is not by the system's name servers: in tests. */
  readonly resolve?: Resolve;
}

export function createWebhooks({ config, database, apiDatabase, registry, log, resolve }: WebhookParts): Feature {
  const fetch = createSafeFetch({
    development: config.WEBHOOK_LOOPBACK === 'allowed',
    ...(resolve === undefined ? {} : { resolve }),
  });
  const box = createSecretBox(sealingKeys(config));
  return {
    routes: [
      ...webhookEndpointRoutes({ database: apiDatabase, box, lookAt: createLookAt(fetch) }),
      ...webhookMessageRoutes,
    ],
    loops: [createDelivery({ database, box, fetch, log, metrics: createNotifyMetrics(registry, database) })],
    gauges: [],
    close: () => fetch.close(),
  };
}
