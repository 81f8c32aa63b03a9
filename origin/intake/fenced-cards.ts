// Cards that are known to be set back: fenced at the edge, they decide nothing until they are rebuilt, mostly within seconds.

import { Gauge, type Registry } from 'prom-client';
import type { Sql } from '../db/client.ts';

export interface FencedCards {
  readonly cards: number;
  /** Of the one that has been so for the longest; 0 where there is none. */
  readonly oldest_age_ms: number;
}

export async function fencedCards(sql: Sql): Promise<FencedCards> {
  const { rows } = await sql.query<{ cards: string; oldest_age_ms: string }>(
    `select count(*) as cards, coalesce((extract(epoch from now() - min(set_back_since)) * 1000)::bigint, 0) as oldest_age_ms
     from card_streams where set_back_since is not null`,
  );
  return { cards: Number(rows[0]?.cards ?? 0), oldest_age_ms: Number(rows[0]?.oldest_age_ms ?? 0) };
}

export function measureFencedCards(registry: Registry, sql: Sql): void {
  gauge(
    'cards_fenced',
    'Cards that were set back at the edge and decide nothing until they are rebuilt',
    ({ cards }) => cards,
  );
  gauge(
    'cards_fenced_oldest_age_seconds',
    'How long the card has been fenced that is so for the longest; 0 where there is none',
    ({ oldest_age_ms }) => oldest_age_ms / 1_000,
  );

  function gauge(name: string, help: string, figureOf: (fenced: FencedCards) => number): void {
    const made: Gauge = new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        // No figure where the database does not answer: an old one would look like a fresh one.
        const fenced = await fencedCards(sql).catch(() => null);
        made.set(fenced === null ? Number.NaN : figureOf(fenced));
      },
    });
  }
}
