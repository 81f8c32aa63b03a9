// What is measured of webhooks: what became of attempts, how long they took, how long messages that are due have waited.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Database } from '../db/client.ts';

export type NotifyMetrics = ReturnType<typeof createNotifyMetrics>;

export function createNotifyMetrics(registry: Registry, database: Database) {
  const registers = [registry];
  const deliveries = new Counter({
    name: 'webhook_deliveries_total',
    help: 'Attempts to deliver a webhook message, by what became of them; taken: answered with 2xx',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'webhook_delivery_seconds',
    help: 'One attempt, from resolving the name to the answer',
    labelNames: ['outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20],
    registers,
  });
  const disabled = new Counter({
    name: 'webhook_endpoints_disabled_total',
    help: 'Endpoints that were disabled by us, by the reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['gone', 'failing']) disabled.inc({ reason }, 0);
  const lag = new Gauge({
    name: 'webhook_lag_seconds',
    help: 'How long the message that is due the longest has waited; failing: its endpoint has taken nothing lately',
    labelNames: ['endpoints'],
    registers,
    async collect() {
      lag.reset();
      // No figure where the database does not answer: an old one would look like a fresh one.
      const { rows } = await database.sql
        .query<{ endpoints: string; seconds: number }>(oldestDue)
        .catch(() => ({ rows: [] }));
      for (const { endpoints, seconds: waited } of rows) lag.set({ endpoints }, waited);
    },
  });
  return { deliveries, seconds, disabled };
}

const oldestDue = `
  select kind as endpoints, coalesce(max(extract(epoch from now() - m.due_at)), 0)::float8 as seconds
  from unnest(array['steady', 'failing']) as kind
  left join webhook_endpoints e on e.status = 'enabled' and (e.failing_since is not null) = (kind = 'failing')
  left join lateral (
    select due_at from webhook_messages
    where webhook_endpoint_id = e.webhook_endpoint_id and state = 'pending' and due_at <= now() order by due_at limit 1
  ) as m on true
  group by kind`;
