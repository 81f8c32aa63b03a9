// Payments under way at a provider that the configuration no longer names: nobody asks about them, and only the provider's own
// messages can end them. Said when the service starts and as long as it is so: in the log, in /health, as a gauge and an open item.

import type { Logger } from 'pino';
import type { Sql } from '../db/client.ts';
import { closeAsGone, raiseOpenItems } from '../open-items/raise.ts';

export interface Unconfigured {
  readonly provider: string;
  readonly payments: number;
}

export class UnconfiguredProviders {
  readonly #configured: readonly string[];
  readonly #log: Logger;
  /** As last seen. Lost with the process: the next one looks at its start. */
  #seen: readonly Unconfigured[] = [];

  constructor(configured: readonly string[], log: Logger) {
    this.#configured = configured;
    this.#log = log;
  }

  seen(): readonly Unconfigured[] {
    return this.#seen;
  }

  async look(sql: Sql): Promise<void> {
    const { rows } = await sql.query<{
      provider: string;
      payments: string;
      settlement_ids: string[];
      currencies: string[];
      sum: string;
    }>(
      // The words of the index of what is not final yet (migrations/0008): final ones are not read.
      `select provider, count(*) as payments, sum(amount_minor) as sum, array_agg(distinct currency) as currencies,
         (array_agg(settlement_id order by settlement_no))[1:100] as settlement_ids
       from settlements
       where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null
         and state = 'processing' and provider <> all ($1::text[])
       group by provider`,
      [this.#configured],
    );
    const before = new Map(this.#seen.map(({ provider, payments }) => [provider, payments]));
    this.#seen = rows.map(({ provider, payments }) => ({ provider, payments: Number(payments) }));
    for (const { provider, payments, settlement_ids, currencies, sum } of rows) {
      if (before.get(provider) === Number(payments)) continue;
      this.#log.error(
        { psp: provider, payments: Number(payments) },
        'payments are under way at a provider that is not configured',
      );
      const [currency, ...others] = currencies;
      await raiseOpenItems(sql, [
        {
          kind: 'provider_not_configured',
          key: provider,
          summary: `${payments} payments are under way at ${provider}, which is not configured: nobody asks about them.`,
          ...(currency === undefined || others.length > 0 ? {} : { amount: { minor: BigInt(sum), currency } }),
          provider,
          evidence: { payments: Number(payments), settlement_ids },
          reopens: 'unless_dismissed',
        },
      ]);
    }
    await this.#closeOthers(sql);
  }

  /** Configured again, or all of its payments have come to an end. */
  async #closeOthers(sql: Sql): Promise<void> {
    const { rows } = await sql.query<{ item_key: string }>(
      `select item_key from open_items
       where kind = 'provider_not_configured' and status = 'open' and item_key <> all ($1::text[])`,
      [this.#seen.map(({ provider }) => provider)],
    );
    for (const { item_key } of rows) await closeAsGone(sql, 'provider_not_configured', item_key);
  }
}
