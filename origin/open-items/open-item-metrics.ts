// What waits for a person, as gauges: counted when they are asked for.

import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../db/client.ts';
import { type OpenItemKind, openItemKinds } from './kinds.ts';
import { countOpenItems, type OpenItemCount } from './open-item.ts';

export function measureOpenItems(registry: Registry, { sql }: Database): void {
  gauge('open_items', 'Open items, which need a person, by kind', ({ open }) => open);
  gauge(
    'open_items_oldest_age_seconds',
    'Age of the oldest open item of a kind; 0 where there is none',
    ({ oldest_age_seconds }) => oldest_age_seconds,
  );

  /** Each counts for itself: the registry collects all gauges at once, in no order. */
  function gauge(name: string, help: string, figureOf: (count: OpenItemCount) => number): void {
    const made: Gauge<'kind'> = new Gauge({
      ...{ name, help, labelNames: ['kind'] as const, registers: [registry] },
      async collect() {
        made.reset();
        // No figure where the database does not answer: an old one would look like a fresh one.
        const counts = await countOpenItems(sql).catch(() => null);
        if (counts === null) return;
        for (const kind of Object.keys(openItemKinds) as OpenItemKind[]) {
          const found = counts.find((count) => count.kind === kind);
          made.set({ kind }, found === undefined ? 0 : figureOf(found));
        }
      },
    });
  }
}
