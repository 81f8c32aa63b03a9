// What a card may spend: its funds, apart from its profile, and what an event does to them. `availableMinor` is the one door to them.
// Today a profile says what they are; whatever says it later (a share of an account's balance) changes `state.funds` and nothing else.

import type { CardEventBody, Effect } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Profile } from '../../contracts/profile.ts';
import { type Authorization, effectBetween, postedMinor } from './authorization.ts';
import type { CardState } from './card-state.ts';
import type { Found } from './found.ts';
import { countUnmatched, withheldOf } from './unmatched.ts';

export type Funds =
  /** The network holds the money: Atlas keeps limits only. */
  | { readonly kind: 'network' }
  /** The card's own, paid in beforehand: all that was ever paid in. What it has spent is no part of this figure. */
  | { readonly kind: 'own'; readonly funded_minor: number };

export const noFunds: Funds = { kind: 'network' };

/** What a profile's event says of the funds. */
export function fundsIn({ funds_minor }: Profile): Funds {
  return funds_minor === null ? noFunds : { kind: 'own', funded_minor: funds_minor };
}

/** What the card may still spend; null where its funds are the network's business. May be negative after a force post. */
export function availableMinor(state: CardState): number | null {
  const { funds, held_minor, posted_minor } = state;
  return funds.kind === 'network' ? null : funds.funded_minor - held_minor - posted_minor - withheldMinor(state);
}

/** Of its refunds of no purchase, what the card may not spend. */
export function withheldMinor({ unmatched, currency, unmatchedMax }: CardState): number {
  return withheldOf(unmatched, currency, unmatchedMax);
}

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

/** What a decision says of the funds, after what it does. */
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

/** What is withheld after a message, only where there is something to say: a usual row is no longer for it. */
export function tellingWithheld(body: CardEventBody, before: number, after: number): CardEventBody {
  return body.kind === 'message' && before + after > 0 ? { ...body, withheld_after_minor: after } : body;
}
