// Refunds of no purchase in the model: from the plain list of what was refunded of each life and when, each time anew.

import type { ModelLife } from './model-life.ts';

/** What a simulated card may spend of a day's: small, so that many reach it. */
export const unmatchedMax: ReadonlyMap<string, number> = new Map([['EUR', 1_500]]);

export interface ToldRefund {
  readonly ms: number;
  /** Below 0: a person has released so much of that day's. */
  readonly minor: number;
}

interface Unmatched {
  /** As 2026-03-04. */
  readonly date: string;
  readonly minor: number;
}

/** By date, what clearings leave of what was refunded until then, less what they had left of the days before. */
export function unmatchedOf({ refunds, cleared_minor }: Pick<ModelLife, 'refunds' | 'cleared_minor'>): Unmatched[] {
  const dates = [...new Set(refunds.map(dateOf))].sort();
  const leftUntil = (date: string) => {
    const until = refunds.filter((refund) => dateOf(refund) <= date);
    return Math.max(0, until.reduce((sum, { minor }) => sum + minor, 0) - cleared_minor);
  };
  return dates.map((date, place) => {
    const before = dates[place - 1];
    return { date, minor: leftUntil(date) - (before === undefined ? 0 : leftUntil(before)) };
  });
}

/** What is beyond each date's bound, over all lives, also those that the card has forgotten. */
export function withheldOf(lives: readonly ModelLife[], currency: string | null): number {
  const byDate = new Map<string, number>();
  for (const life of lives)
    if (life.refunds.length > 0 && life.currency === currency)
      for (const { date, minor } of unmatchedOf(life)) byDate.set(date, (byDate.get(date) ?? 0) + minor);
  const bound = unmatchedMax.get(currency ?? '') ?? Number.MAX_SAFE_INTEGER;
  return [...byDate.values()].reduce((sum, minor) => sum + Math.max(0, minor - bound), 0);
}

function dateOf({ ms }: ToldRefund): string {
  return new Date(ms).toISOString().slice(0, 10);
}
