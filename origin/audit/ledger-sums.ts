// What the ledger has booked up to a seal, by currency: how many transfers, and their sum, whatever kind they are. A checkpoint carries it, so
// that of a ledger that was rewritten it can be told how much it differs by, and not only that it does.

import type { Sql } from '../db/client.ts';
import type { LedgerSum } from './chain.ts';

/** From the sums up to one seal to those up to a later one: only the transfers between are read. */
export async function sumsUpTo(
  sql: Sql,
  sealNo: number,
  before: { readonly sealNo: number; readonly sums: readonly LedgerSum[] } = { sealNo: 0, sums: [] },
): Promise<LedgerSum[]> {
  const { rows } = await sql.query<{ currency: string; transfers: string; amount_minor: string }>(
    `select t.currency, count(*) as transfers, sum(t.amount_minor) as amount_minor
     from ledger_seals s cross join unnest(s.transfer_nos) as nos
     join ledger_transfers t on t.transfer_no >= lower(nos) and t.transfer_no < upper(nos)
     where s.seal_no > $1 and s.seal_no <= $2 group by 1`,
    [before.sealNo, sealNo],
  );
  const sums = new RunningSums(before.sums);
  for (const { currency, transfers, amount_minor } of rows) sums.add(currency, BigInt(amount_minor), Number(transfers));
  return sums.list();
}

export class RunningSums {
  readonly #sums: Map<string, { transfers: number; amount: bigint }>;

  constructor(from: readonly LedgerSum[] = []) {
    this.#sums = new Map(
      from.map(({ currency, transfers, amount_minor }) => [currency, { transfers, amount: BigInt(amount_minor) }]),
    );
  }

  add(currency: string, amount: bigint, transfers = 1): void {
    const sum = this.#sums.get(currency) ?? { transfers: 0, amount: 0n };
    this.#sums.set(currency, { transfers: sum.transfers + transfers, amount: sum.amount + amount });
  }

  /** In the order of the currencies, so that the same sums are the same text. */
  list(): LedgerSum[] {
    return [...this.#sums]
      .map(([currency, { transfers, amount }]) => ({ currency, transfers, amount_minor: `${amount}` }))
      .toSorted((one, other) => (one.currency < other.currency ? -1 : 1));
  }
}

/** A sentence where they differ: by currency what was booked then, and what is there now. Null: they are the same. */
export function differenceOf(then: readonly LedgerSum[], now: readonly LedgerSum[]): string | null {
  const currencies = [...new Set([...then, ...now].map(({ currency }) => currency))].sort();
  const words = (sums: readonly LedgerSum[], of: string) => {
    const { transfers, amount_minor } = sums.find(({ currency }) => currency === of) ?? {
      transfers: 0,
      amount_minor: '0',
    };
    return `${amount_minor} ${of} in minor units in ${transfers} transfers`;
  };
  const differing = currencies.filter((currency) => words(then, currency) !== words(now, currency));
  if (differing.length === 0) return null;
  return differing.map((currency) => `${words(then, currency)} then, ${words(now, currency)} now`).join('; ');
}
