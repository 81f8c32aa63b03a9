// Ledger accounts that belong to no partner: one clearing account per network and currency, one suspense account per
// currency. Made when first needed. A number never changes, so what is remembered here is never stale; losing it costs a query.

import { newId } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';

export interface HouseAccount {
  readonly kind: 'network_clearing' | 'suspense' | 'funding_source';
  readonly currency: string;
  readonly network: string | null;
}

export interface HouseAccounts {
  /** Finds or makes what is asked for. Afterwards `numberOf` knows it. */
  ensure(wanted: readonly HouseAccount[]): Promise<void>;
  numberOf(account: HouseAccount): number;
}

const keyOf = ({ kind, network, currency }: HouseAccount): string => `${kind} ${network ?? '-'} ${currency}`;

/** `sql` must commit by itself: an account remembered from a transaction that rolled back would not exist. */
export function createHouseAccounts(sql: Sql): HouseAccounts {
  const numbers = new Map<string, number>();
  return {
    async ensure(wanted) {
      const missing = new Map(wanted.filter((account) => !numbers.has(keyOf(account))).map((a) => [keyOf(a), a]));
      for (const [key, account] of missing) numbers.set(key, await findOrMake(sql, account));
    },
    numberOf(account) {
      const number = numbers.get(keyOf(account));
      if (number === undefined) throw new Error(`ledger account ${keyOf(account)} was not asked for`);
      return number;
    },
  };
}

async function findOrMake(sql: Sql, { kind, currency, network }: HouseAccount): Promise<number> {
  // `on conflict do nothing`: two processes may make it at once. The select comes after, so it sees whichever won.
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, network) values ($1, $2, $3, $4)
     on conflict (kind, currency, network, account_id, merchant_id, provider) do nothing`,
    [newId('lac'), kind, currency, network],
  );
  const { rows } = await sql.query<{ ledger_account_no: string }>(
    `select ledger_account_no from ledger_accounts
     where kind = $1 and currency = $2 and network is not distinct from $3 and account_id is null`,
    [kind, currency, network],
  );
  const found = rows[0];
  if (found === undefined) throw new Error(`ledger account ${kind} ${currency} was neither found nor made`);
  return Number(found.ledger_account_no);
}
