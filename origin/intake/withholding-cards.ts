// What cards withhold of their refunds of no purchase, as their events say it: the card decides by its own figure, and this one is as old as
// its newest booked event. A changed bound (UNMATCHED_PER_CARD_MAX) shows here with the card's next event.
//
// Example: 700.00 are refunded of no purchase, 500.00 of them may be spent: the refund's event says 200.00, and the clearing of
// its purchase says 0.

import { Gauge, type Registry } from 'prom-client';
import { perCardMaxMinor } from '../../contracts/amount-max.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import type { Sql } from '../db/client.ts';
import type { PlacedEvent } from './events.ts';

/** By the newest of these events that says it; null: none does. */
export function withheldAfter(run: readonly Pick<PlacedEvent, 'event'>[]): number | null {
  for (const { event } of run.toReversed()) {
    const said = event === null ? null : withheldBy(event);
    if (said !== null) return said;
  }
  return null;
}

/** A decision on funds counts what is withheld, and says nothing of 0. */
function withheldBy(event: CardEvent): number | null {
  if (event.kind === 'message') return event.withheld_after_minor ?? null;
  if (event.kind !== 'authorization' || event.decision.available_minor === null) return null;
  return event.decision.withheld_minor ?? 0;
}

interface Row {
  readonly network: string;
  readonly currency: string;
  readonly cards: string;
  readonly withheld_minor: string;
}

const gauges = [
  {
    ...{ name: 'cards_withholding', figureOf: ({ cards }: Row) => Number(cards) },
    help: 'Cards that may not spend a part of what they were refunded',
  },
  {
    ...{ name: 'cards_withheld_minor', figureOf: ({ withheld_minor }: Row) => Number(withheld_minor) },
    help: 'What cards were refunded of no purchase and may not spend, in minor units',
  },
  {
    name: 'cards_withheld_bounds',
    help: "What cards withhold of refunds, by what one may spend of a day's by default (500.00 USD, or its like): to be added up over currencies",
    figureOf: ({ withheld_minor, currency }: Row) => Number(withheld_minor) / perCardMaxMinor(currency, new Map()),
  },
] as const;

export function measureWithholding(registry: Registry, sql: Sql): void {
  for (const { name, help, figureOf } of gauges) {
    const gauge: Gauge<'network' | 'currency'> = new Gauge({
      ...{ name, help, labelNames: ['network', 'currency'], registers: [registry] },
      async collect() {
        gauge.reset();
        // No figure where the database does not answer: an old one would look like a fresh one.
        const { rows } = await sql.query<Row>(sums).catch(() => ({ rows: [] }));
        for (const row of rows) gauge.set({ network: row.network, currency: row.currency }, figureOf(row));
      },
    });
  }
}

/** SQL: of those few cards, by their index. */
const sums = `
  select s.network, c.profile ->> 'currency' as currency, count(*) as cards, sum(s.withheld_minor) as withheld_minor
  from card_streams s join cards c using (network, card_token) where s.withheld_minor > 0 group by 1, 2`;
