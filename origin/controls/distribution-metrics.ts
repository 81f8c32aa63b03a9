// How many distributions of control sets are under way, and how many cards they have before them.

import { Gauge, type Registry } from 'prom-client';
import type { Sql } from '../db/client.ts';

const states = ['running', 'paused'] as const;

export function measureDistributions(registry: Registry, sql: Sql): void {
  const labelNames = ['state'] as const;
  const distributions = new Gauge({
    name: 'control_set_distributions',
    help: 'Versions of control sets on their way to cards, or paused on it',
    ...{ labelNames, registers: [registry] },
    async collect() {
      distributions.reset();
      left.reset();
      // No figure where the database does not answer.
      const { rows } = await sql
        .query<{ state: string; distributions: number; cards: number }>(
          `select state, count(*)::int as distributions, sum(cards_to_move - cards_moved - cards_refused)::float8 as cards
           from control_set_distributions where state in ('running', 'paused') group by state`,
        )
        .catch(() => ({ rows: null }));
      if (rows === null) return;
      for (const state of states) {
        const row = rows.find((one) => one.state === state);
        distributions.set({ state }, row?.distributions ?? 0);
        left.set({ state }, Math.max(0, row?.cards ?? 0));
      }
    },
  });
  const left = new Gauge({
    name: 'control_set_cards_left',
    help: 'Cards that the distributions under way have not moved yet, as they were counted when each began or went on',
    ...{ labelNames, registers: [registry] },
  });
}
