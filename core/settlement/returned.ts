// What a return moves, pure: how much of a paid settlement is owed again by what a provider says came back.

/** A return of the settlement that is already booked. */
export interface BookedReturn {
  /** What the provider said came back; null: all of it, without an amount. */
  readonly stated_minor: bigint | null;
  /** What was moved for it. */
  readonly amount_minor: bigint;
}

export type ReturnOutcome =
  /** 0: an earlier "all of it" has moved this already; the return is recorded all the same. */
  | { readonly outcome: 'books'; readonly amount_minor: bigint }
  /** "All of it", when all of it is back already. */
  | { readonly outcome: 'nothing_left' }
  /** More would have come back than was paid. */
  | { readonly outcome: 'exceeds'; readonly excess_minor: bigint };

/**
 * A provider may tell one return as a status ("failed": all of it) and as a booking (an amount). Both together are one return of
 * money, in either order. Example, of 100.00 paid: status, then a credit of 100.00: 100.00 and 0. A credit of 40.00, then the
 * status: 40.00 and 60.00. Two credits of 60.00: the second exceeds.
 */
export function returnOf(
  paidMinor: bigint,
  booked: readonly BookedReturn[],
  statedMinor: bigint | null,
): ReturnOutcome {
  const leftMinor = paidMinor - booked.reduce((sum, { amount_minor }) => sum + amount_minor, 0n);
  if (leftMinor < 0n) throw new Error('more came back than was paid');
  if (statedMinor === null)
    return leftMinor === 0n ? { outcome: 'nothing_left' } : { outcome: 'books', amount_minor: leftMinor };
  const statedBefore = booked.reduce((sum, { stated_minor }) => sum + (stated_minor ?? 0n), 0n);
  const excess_minor = statedBefore + statedMinor - paidMinor;
  if (excess_minor > 0n) return { outcome: 'exceeds', excess_minor };
  return { outcome: 'books', amount_minor: statedMinor < leftMinor ? statedMinor : leftMinor };
}
