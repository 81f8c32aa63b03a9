// What is withheld from shops until a person says so, in figures. What a person has kept is no part of it.

import { Gauge, type Registry } from 'prom-client';
import type { Sql } from '../db/client.ts';

interface Row {
  readonly network: string;
  readonly currency: string;
  readonly owner: string;
  readonly left_minor: string;
}

export function measureWithheld(registry: Registry, sql: Sql): void {
  const gauge: Gauge<'network' | 'currency' | 'owner'> = new Gauge({
    name: 'clearings_withheld_minor',
    help: "What cleared without a card's approval and is owed to no shop, in minor units; owner: whether a merchant has the shop",
    labelNames: ['network', 'currency', 'owner'],
    registers: [registry],
    async collect() {
      gauge.reset();
      // No figure where the database does not answer: an old one would look like a fresh one.
      const { rows } = await sql
        .query<Row>(
          `select c.network, c.currency, case when w.merchant_id is null then 'nobody' else 'merchant' end as owner,
             sum(w.left_minor)::text as left_minor
           from withheld_clearings w join ledger_accounts c on c.ledger_account_no = w.clearing_no group by 1, 2, 3`,
        )
        .catch(() => ({ rows: [] }));
      for (const { network, currency, owner, left_minor } of rows)
        gauge.set({ network, currency, owner }, Number(left_minor));
    },
  });
}
