// What is withheld from shops until a person says so, and what shops were refunded beyond what they are owed, in figures. What a person has
// kept is no part of it.

import { Gauge, type Registry } from 'prom-client';
import type { Sql } from '../db/client.ts';
import { clearingsBook, refundsBook, type WithheldBook } from './withheld-books.ts';

interface Row {
  readonly network: string;
  readonly currency: string;
  readonly owner: string;
  readonly left_minor: string;
}

const gauges = [
  {
    book: clearingsBook,
    name: 'clearings_withheld_minor',
    help: "What cleared without a card's approval and is owed to no shop, in minor units; owner: whether a merchant has the shop",
  },
  {
    book: refundsBook,
    name: 'refunds_withheld_minor',
    help: 'What was refunded of no purchase and no shop is charged with, in minor units; owner: whether a merchant has the shop',
  },
] as const satisfies readonly { book: WithheldBook; name: string; help: string }[];

export function measureWithheld(registry: Registry, sql: Sql): void {
  for (const { book, name, help } of gauges) {
    const gauge: Gauge<'network' | 'currency' | 'owner'> = new Gauge({
      ...{ name, help, labelNames: ['network', 'currency', 'owner'], registers: [registry] },
      async collect() {
        gauge.reset();
        // No figure where the database does not answer: an old one would look like a fresh one.
        const { rows } = await sql
          .query<Row>(
            `select c.network, c.currency, case when w.merchant_id is null then 'nobody' else 'merchant' end as owner,
               sum(w.left_minor)::text as left_minor
             from ${book.sums} w join ledger_accounts c on c.ledger_account_no = w.clearing_no group by 1, 2, 3`,
          )
          .catch(() => ({ rows: [] }));
        for (const { network, currency, owner, left_minor } of rows)
          gauge.set({ network, currency, owner }, Number(left_minor));
      },
    });
  }
  measureDeficits(registry, sql);
}

function measureDeficits(registry: Registry, sql: Sql): void {
  const gauge: Gauge<'currency'> = new Gauge({
    name: 'merchants_deficit_minor',
    help: 'What merchants were refunded beyond what they are owed, in minor units: later clearings make it good',
    labelNames: ['currency'],
    registers: [registry],
    async collect() {
      gauge.reset();
      const { rows } = await sql
        .query<{ currency: string; deficit_minor: string }>(
          `select m.currency, coalesce(sum(a.deficit_minor), 0)::text as deficit_minor
           from merchants m left join merchant_accruals a using (merchant_id) group by 1`,
        )
        .catch(() => ({ rows: [] }));
      for (const { currency, deficit_minor } of rows) gauge.set({ currency }, Number(deficit_minor));
    },
  });
}
