// What no feature measures: the pools' use (C1), what waits, and the process itself.

import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { measureCardData } from './card-data/found.ts';
import type { Database } from './db/client.ts';
import type { EdgeClient } from './edge/edge-client.ts';

export function measure(
  registry: Registry,
  pools: { readonly work: Database; readonly api: Database },
  edge: Pick<EdgeClient, 'clockMs'>,
): void {
  const database = pools.work;
  measurePools(registry, pools);
  collectDefaultMetrics({ register: registry });
  measureCardData(registry);
  measureClocks(registry, { database: () => clockMsOf(database), edge: () => edge.clockMs() });
  const flush = new Gauge({
    name: 'database_flush_oldest_age_seconds',
    help: 'How long the oldest commit on its way to the disk has waited; 0 where none is. At 5 s its caller is told that it is not known to be there.',
    registers: [registry],
    collect() {
      flush.set(database.flushAgeMs() / 1_000);
    },
  });
  const waiting = new Gauge({
    name: 'origin_waiting',
    help: 'Cards with a gap in their events, those of them that nobody made here, card profiles that the edge lacks; words of providers that nobody took yet, webhooks that are due: up to 20,000 of each',
    labelNames: ['what'],
    registers: [registry],
    async collect() {
      waiting.reset();
      // No figure where the database does not answer: an old one would look like a fresh one.
      const counts = await countWaiting(database).catch(() => ({}));
      for (const [what, value] of Object.entries(counts)) waiting.set({ what }, Number(value));
    },
  });
}

/** Made before all that ask the database: gauges are read in the order in which they were made, and else a scrape would count its own questions. */
function measurePools(registry: Registry, pools: Readonly<Record<string, Database>>): void {
  const pool = new Gauge({
    name: 'database_pool_connections',
    help: 'Connections by state; waiting: requests without one. 60 to 80% of max in use is healthy.',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [name, { use }] of Object.entries(pools)) {
        const { max, open, idle, waiting } = use();
        for (const [state, value] of Object.entries({ max, in_use: open - idle, idle, waiting }))
          pool.set({ pool: name, state }, value);
      }
    },
  });
}

/**
 * How far other clocks are ahead of this process's: calls between us are signed with the time, and refused from 5 minutes on. Of a clock that does not
 * answer there is no figure. The edge says whole seconds.
 */
function measureClocks(registry: Registry, clocks: Readonly<Record<string, () => Promise<number>>>): void {
  const skew = new Gauge({
    name: 'clock_skew_seconds',
    help: "How far another clock is ahead of this process's, give or take half of the time that asking takes",
    labelNames: ['of'],
    registers: [registry],
    async collect() {
      skew.reset();
      const asked = Object.entries(clocks).map(async ([of, clockMs]) => {
        const startMs = Date.now();
        const ms = await clockMs();
        skew.set({ of }, (ms - (startMs + Date.now()) / 2) / 1_000);
      });
      await Promise.allSettled(asked);
    },
  });
}

async function clockMsOf({ sql }: Database): Promise<number> {
  const { rows } = await sql.query<{ ms: string }>('select extract(epoch from clock_timestamp()) * 1000 as ms');
  return Number(rows[0]?.ms);
}

async function countWaiting({ sql }: Database): Promise<Record<string, string>> {
  const { rows } = await sql.query<Record<string, string>>(
    `select
       (select count(*) from card_streams where has_gap) as cards_with_gap,
       (select count(*) from card_streams s where has_gap and not exists (
          select 1 from cards c where c.network = s.network and c.card_token = s.card_token)) as unknown_cards_with_gap,
       (select count(*) from edge_outbox) as card_profiles,
       (select count(*) from (select 1 from provider_webhooks where processed_at is null limit 20000) as waiting) as provider_words,
       (select count(*) from (
          select 1 from webhook_messages where state = 'pending' and due_at <= now() limit 20000) as waiting) as webhook_messages`,
  );
  return rows[0] ?? {};
}
