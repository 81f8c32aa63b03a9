// Money that is booked and belongs to nobody known: of cards that the origin does not know, or in a currency that their account does not
// have. A person has to move it; how much it is, is in /health and in the metrics.

import { Gauge, type Registry } from 'prom-client';
import { type Amounts, amountMaxMinor } from '../../contracts/amount-max.ts';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import type { Sql } from '../db/client.ts';

export interface Suspense {
  readonly currency: string;
  /** Spent less refunded; below zero where more came back. */
  readonly posted_minor: bigint;
  readonly held_minor: bigint;
}

/** By currency; those with nothing in them are left out. */
export async function suspenseOf(sql: Sql): Promise<Suspense[]> {
  const { rows } = await sql.query<{ currency: string; posted: string; held: string }>(
    `select a.currency, b.debits_posted - b.credits_posted as posted, b.debits_pending as held
     from ledger_accounts a join ledger_balances b using (ledger_account_no)
     where a.kind = 'suspense' and (b.debits_posted <> b.credits_posted or b.debits_pending <> 0) order by a.currency`,
  );
  return rows.map(({ currency, posted, held }) => ({
    currency,
    posted_minor: BigInt(posted),
    held_minor: BigInt(held),
  }));
}

/** A hundredth of the largest single amount that is believed: 100,000.00 USD, unless a setting says otherwise. */
const defaultPart = 100;

/** Of which currencies more is in suspense than should wait for a person quietly, in words; null: of none. */
export function muchSuspense(suspense: readonly Suspense[], max: Amounts): string | null {
  const much = suspense.filter(({ currency, posted_minor, held_minor }) => {
    const bound = BigInt(max.get(currency) ?? Math.floor(amountMaxMinor(currency, max) / defaultPart));
    const posted = posted_minor < 0n ? -posted_minor : posted_minor;
    return posted + held_minor > bound;
  });
  if (much.length === 0) return null;
  const said = much.map(({ currency, posted_minor, held_minor }) => inWords(posted_minor + held_minor, currency));
  return `money belongs to nobody known: ${said.join(', ')} in suspense`;
}

/** A sum may be beyond what a double holds: then in minor units. */
function inWords(minor: bigint, currency: string): string {
  const isSafe = minor <= BigInt(Number.MAX_SAFE_INTEGER) && minor >= BigInt(Number.MIN_SAFE_INTEGER);
  return isSafe
    ? `${decimalTextFromMinor(Number(minor), currency)} ${currency}`
    : `${minor} minor units of ${currency}`;
}

export function measureSuspense(registry: Registry, sql: Sql): void {
  const gauge: Gauge<'currency' | 'what'> = new Gauge({
    name: 'suspense_minor',
    help: 'Money in suspense, in minor units, by currency: posted, and held',
    labelNames: ['currency', 'what'],
    registers: [registry],
    async collect() {
      gauge.reset();
      // No figure where the database does not answer: an old one would look like a fresh one.
      for (const { currency, posted_minor, held_minor } of await suspenseOf(sql).catch(() => [])) {
        gauge.set({ currency, what: 'posted' }, Number(posted_minor));
        gauge.set({ currency, what: 'held' }, Number(held_minor));
      }
    },
  });
}
