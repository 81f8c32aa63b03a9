// Which provider a settlement goes to: the first in order that its merchant can be paid through and whose breaker lets it.
// Only for one that no provider may have: what may have been taken is asked about where it was sent, and goes nowhere else.

import type { GuardedProvider } from './guarded.ts';
import { payableBy } from './payable.ts';
import type { BreakerState } from './provider-metrics.ts';

export type Choice =
  | { readonly outcome: 'chosen'; readonly provider: GuardedProvider }
  /** For good: the merchant has no destination with any provider we have. */
  | { readonly outcome: 'destination_missing' }
  /** For good: every destination it has is one that cannot be paid to. */
  | { readonly outcome: 'destination_refused'; readonly problem: string }
  /** For good: none of those that can pay to it pays this amount. */
  | { readonly outcome: 'amount_not_payable' }
  /** For now: those that could are down. */
  | { readonly outcome: 'none_available' };

export interface ChooseOptions {
  /** Primary first. */
  readonly providers: readonly GuardedProvider[];
  /** The merchant's, by provider. */
  readonly destinations: Readonly<Record<string, unknown>>;
  readonly amount_minor: bigint;
  readonly currency: string;
  /** The one that did not take it last time: the others come first now. */
  readonly notTakenBy?: string | null;
}

export function chooseProvider({ providers, notTakenBy = null, ...wanted }: ChooseOptions): Choice {
  const { destinations } = wanted;
  const given = providers.filter(({ name }) => Object.hasOwn(destinations, name));
  if (given.length === 0) return { outcome: 'destination_missing' };
  const problems: string[] = [];
  const possible = given.filter((provider) => {
    const problem = provider.problemOfDestination(destinations[provider.name]);
    if (problem !== null) problems.push(`${provider.name}: ${problem}`);
    return problem === null;
  });
  if (possible.length === 0) return { outcome: 'destination_refused', problem: problems.join('; ') };
  const paying = possible.filter((provider) => payableBy(provider, wanted) === wanted.amount_minor);
  if (paying.length === 0) return { outcome: 'amount_not_payable' };
  const others = paying.filter(({ name }) => name !== notTakenBy);
  const provider = [...others, ...paying].find((candidate) => candidate.availability() !== 'open');
  return provider === undefined ? { outcome: 'none_available' } : { outcome: 'chosen', provider };
}

/** `read_only`: nothing can be paid through anybody; what is asked for is kept, and read, until one is back. */
export interface Availability {
  readonly mode: 'normal' | 'read_only';
  readonly providers: Readonly<Record<string, ProviderStanding>>;
}

export interface ProviderStanding {
  readonly breaker: BreakerState;
  readonly newest_trouble: string | null;
}

export function availability(providers: readonly GuardedProvider[]): Availability {
  const standing = providers.map(
    (provider) =>
      [provider.name, { breaker: provider.availability(), newest_trouble: provider.newestTrouble() }] as const,
  );
  const isUp = standing.some(([, { breaker }]) => breaker !== 'open');
  return { mode: isUp ? 'normal' : 'read_only', providers: Object.fromEntries(standing) };
}
