// Refunds beyond what their purchase had cleared. A card may spend them up to a bound a day (UTC); the rest is withheld until its
// clearing comes, or a person releases it. Why: docs/decisions/0025-a-card-spends-few-refunds-of-no-purchase.md.
//
// Example: bound 500.00. On one day 400.00 and 300.00 are refunded of no purchase: 200.00 are withheld. 100.00 of one of these
// purchases clear: 100.00 are withheld.

import { type Amounts, perCardMaxMinor } from '../../contracts/amount-max.ts';

/** Per day (UTC, in days since 1970) what was refunded on it and no person has released. Day 0: refunds that count on no day. */
export type Refunds = readonly (readonly [day: number, minor: number])[];

/** What of an authorization decides how much of its refunds is unmatched. */
interface Refunded {
  readonly currency: string;
  readonly cleared_minor: number;
  readonly refunds: Refunds;
}

/** By `USD 20785`, currency and day: what no purchase had cleared of the day's refunds, also of authorizations that were forgotten. */
export type UnmatchedSums = Map<string, number>;

/** Refunds of a card of before they were counted: they go on being funds. */
export const dayOfOld = 0;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / 86_400_000);
}

/** `minor` below 0: a person has released so much of the day's. */
export function withRefund(refunds: Refunds, day: number, minor: number): Refunds {
  let sum = minor;
  const others = refunds.filter(([on, before]) => {
    if (on === day) sum += before;
    return on !== day;
  });
  return sum === 0 ? others : [...others, [day, sum]];
}

/** What has cleared matches the oldest refunds first, so that it does not matter in which order they came. */
export function countUnmatched(
  sums: UnmatchedSums,
  { currency, cleared_minor, refunds }: Refunded,
  sign: 1 | -1,
): void {
  let cleared = cleared_minor;
  for (const [day, minor] of [...refunds].sort(([one], [other]) => one - other)) {
    const matched = Math.max(0, Math.min(cleared, minor));
    cleared -= matched;
    if (day === dayOfOld) continue;
    const key = `${currency} ${day}`;
    const sum = (sums.get(key) ?? 0) + sign * (minor - matched);
    if (sum === 0) sums.delete(key);
    else sums.set(key, sum);
  }
}

/** What is beyond each day's bound. `bounds`: minor units by currency; of others the default. */
export function withheldOf(sums: UnmatchedSums, currency: string | null, bounds: Amounts): number {
  let withheld = 0;
  for (const [key, minor] of sums)
    if (currency !== null && key.startsWith(`${currency} `))
      withheld += Math.max(0, minor - perCardMaxMinor(currency, bounds));
  return withheld;
}
