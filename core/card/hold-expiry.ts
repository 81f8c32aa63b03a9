// When a hold that nobody clears is dropped: the network's word, the profile's, or what the schemes allow for such a merchant.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import { carRentalCategories, lodgingCategories } from '../../contracts/categories/long-stays.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { categoriesIn } from './applies-to.ts';
import type { CardState } from './card-state.ts';

const dayMs = 86_400_000;
const staysLong = categoriesIn([...lodgingCategories, ...carRentalCategories]);

export function holdExpiresAtMs(
  profile: Profile | null,
  asked: { readonly merchant: Merchant | null } & Pick<Partial<AuthorizationRequest>, 'hold_expires_at_ms'>,
  nowMs: number,
): number {
  // A network that says "in the year 9999" would keep its hold, and our memory of it, for ever.
  const latestMs = nowMs + limits.holdDaysMax * dayMs;
  if (asked.hold_expires_at_ms !== undefined) return Math.min(Math.max(nowMs, asked.hold_expires_at_ms), latestMs);
  const category = asked.merchant?.category ?? null;
  const usual = category !== null && staysLong(category) ? limits.holdDaysLongStay : limits.holdDays;
  return nowMs + (profile?.hold_days ?? usual) * dayMs;
}

/** When the first of the holds lapses; infinity where nothing is held. */
export function nextExpiryMs({ authorizations }: CardState): number {
  let next_ms = Number.POSITIVE_INFINITY;
  for (const { hold_minor, expires_at_ms } of authorizations.values())
    if (hold_minor > 0) next_ms = Math.min(next_ms, expires_at_ms);
  return next_ms;
}
