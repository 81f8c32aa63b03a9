// Ledger accounts for what is on its way through a provider: one per provider and currency, made when first needed. A number
// never changes, so what is remembered is never stale; losing it costs a query.

import { newId } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';

export interface TransitAccounts {
  /** Finds or makes what is asked for. Afterwards `numberOf` knows it. */
  ensure(providers: readonly string[], currencies: readonly string[]): Promise<void>;
  numberOf(provider: string, currency: string): number;
}

/** `sql` must commit by itself: an account remembered from a transaction that rolled back would not exist. */
export function createTransitAccounts(sql: Sql): TransitAccounts {
  const numbers = new Map<string, number>();
  const keyOf = (provider: string, currency: string) => `${provider} ${currency}`;
  return {
    async ensure(providers, currencies) {
      for (const provider of providers)
        for (const currency of new Set(currencies)) {
          const key = keyOf(provider, currency);
          if (!numbers.has(key)) numbers.set(key, await findOrMake(sql, provider, currency));
        }
    },
    numberOf(provider, currency) {
      const number = numbers.get(keyOf(provider, currency));
      if (number === undefined) throw new Error(`no transit account of ${provider} in ${currency} was asked for`);
      return number;
    },
  };
}

async function findOrMake(sql: Sql, provider: string, currency: string): Promise<number> {
  // `on conflict do nothing`: two processes may make it at once. The select comes after, so it sees whichever won.
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, provider) values ($1, 'provider_transit', $2, $3)
     on conflict (kind, currency, network, account_id, merchant_id, provider) do nothing`,
    [newId('lac'), currency, provider],
  );
  const { rows } = await sql.query<{ ledger_account_no: string }>(
    `select ledger_account_no from ledger_accounts where kind = 'provider_transit' and currency = $1 and provider = $2`,
    [currency, provider],
  );
  if (rows[0] === undefined) throw new Error(`the transit account of ${provider} was neither found nor made`);
  return Number(rows[0].ledger_account_no);
}
