// Which amounts a provider pays: its smallest step, least and largest amount in a currency, as data. Scheduled runs and new
// settlements ask it, so that an amount which no provider can pay is never sent to one.

import type { Provider } from './provider.ts';

/** Minor units by ISO 4217. Example: whole forints only, 1,500.00 and not 1,500.50: `unit_minor` 100. */
export interface AmountRule {
  readonly unit_minor: bigint;
  readonly min_minor: bigint;
  readonly max_minor: bigint;
}

/** The largest amount up to `amountMinor` that can be paid; 0: none. */
export function largestPayable({ unit_minor, min_minor, max_minor }: AmountRule, amountMinor: bigint): bigint {
  const bounded = amountMinor < max_minor ? amountMinor : max_minor;
  const whole = bounded - (bounded % unit_minor);
  return whole < min_minor ? 0n : whole;
}

/** As much of a provider as is asked for amounts. */
export type Payer = Pick<Provider, 'name' | 'amounts' | 'problemOfDestination'>;

export interface Wanted {
  readonly amount_minor: bigint;
  readonly currency: string;
  /** The merchant's, by provider. */
  readonly destinations: Readonly<Record<string, unknown>>;
}

/** 0: nothing. Whether it pays exactly this amount, or how much of it. */
export function payableBy(payer: Payer, { amount_minor, currency, destinations }: Wanted): bigint {
  const rule = payer.amounts(currency, destinations[payer.name]);
  return rule === null ? 0n : largestPayable(rule, amount_minor);
}

/**
 * How much of it can be paid at once: by the first provider in order that pays any of it to this merchant. Null: no provider that
 * is configured pays to this merchant at all, which is told otherwise (`destination_missing`).
 */
export function payableOf(payers: readonly Payer[], wanted: Wanted): { amount_minor: bigint; provider: string } | null {
  const possible = payersTo(payers, wanted.destinations);
  for (const payer of possible) {
    const amount_minor = payableBy(payer, wanted);
    if (amount_minor > 0n) return { amount_minor, provider: payer.name };
  }
  const [first] = possible;
  return first === undefined ? null : { amount_minor: 0n, provider: first.name };
}

/** Whether any of them pays exactly this; true where none pays to this merchant at all, which is told otherwise. */
export function isPayable(payers: readonly Payer[], wanted: Wanted): boolean {
  const possible = payersTo(payers, wanted.destinations);
  return possible.length === 0 || possible.some((payer) => payableBy(payer, wanted) === wanted.amount_minor);
}

function payersTo(payers: readonly Payer[], destinations: Wanted['destinations']): Payer[] {
  return payers.filter(
    ({ name, problemOfDestination }) =>
      Object.hasOwn(destinations, name) && problemOfDestination(destinations[name]) === null,
  );
}
