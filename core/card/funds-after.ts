// What an event does to money: what is held and posted, and what the card may still spend after it.

import type { Effect } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type Authorization, effectBetween, postedMinor } from './authorization.ts';
import { availableMinor, type CardState, withheldMinor } from './card-state.ts';
import type { Found } from './found.ts';
import { countUnmatched, withheldOf } from './unmatched.ts';

/** What the step does to money. What an authorization that went into this one has posted stays posted. */
export function effectOf({ authorization, parts, absorbed }: Found, after: Authorization): Effect {
  const before = parts[0] ?? authorization;
  const { hold_minor, posted_minor } = effectBetween(before, after);
  return { hold_minor, posted_minor: posted_minor - (absorbed === null ? 0 : postedMinor(absorbed.authorization)) };
}

/** How much less the card may spend after it: the hold of what went into another authorization is no new spending. */
export function spentBy({ hold_minor, posted_minor }: Effect, { absorbed }: Found): number {
  return hold_minor - (absorbed?.authorization.hold_minor ?? 0) + posted_minor;
}

/** How much more of the card's refunds it may not spend after it; below 0: less, because their clearing came. */
export function moreWithheldBy(state: CardState, { parts }: Found, after: Authorization): number {
  const { unmatched, unmatchedMax } = state;
  // The first that a card hears of, before its profile, gives it its currency.
  const currency = state.currency ?? after.currency;
  const sums = new Map(unmatched);
  for (const part of parts) countUnmatched(sums, part, -1);
  countUnmatched(sums, after, 1);
  return withheldOf(sums, currency, unmatchedMax) - withheldOf(unmatched, currency, unmatchedMax);
}

export function fundsAfter(
  state: CardState,
  found: Found,
  after: Authorization,
  effect: Effect,
): Pick<Decision, 'available_minor' | 'withheld_minor'> {
  const left = availableMinor(state);
  if (left === null) return { available_minor: null };
  const more = moreWithheldBy(state, found, after);
  const withheld_minor = withheldMinor(state) + more;
  const available_minor = left - spentBy(effect, found) - more;
  return { available_minor, ...(withheld_minor === 0 ? {} : { withheld_minor }) };
}
