// When a hold that nobody clears is dropped: the network's word, the profile's, or what the schemes allow for such a merchant.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import { carRentalCategories, lodgingCategories } from '../../contracts/categories/long-stays.ts';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { categoriesIn } from './applies-to.ts';
import { type Authorization, afterExpiry, effectBetween, refundAbove } from './authorization.ts';
import type { CardState } from './card-state.ts';
import type { Hearing } from './hearing.ts';
import { redated } from './redated.ts';

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

/** The events that drop what is due, and when the next one will be: no event if that is later. */
export function expiriesDue(
  state: CardState,
  newEventId: () => Id<'evt'>,
  hearing: Hearing,
): { due: Extract<CardEventBody, { kind: 'expiry' }>[]; next_ms: number } {
  const nowMs = hearing.at_ms;
  const due: Extract<CardEventBody, { kind: 'expiry' }>[] = [];
  let next_ms = Number.POSITIVE_INFINITY;
  if (nowMs < state.next_expiry_ms) return { due, next_ms: state.next_expiry_ms };
  for (const [authorization_key, authorization] of state.authorizations) {
    if (authorization.hold_minor === 0) continue;
    if (authorization.expires_at_ms > nowMs) next_ms = Math.min(next_ms, authorization.expires_at_ms);
    else due.push(expiryOf(authorization_key, authorization, newEventId(), hearing));
  }
  return { due, next_ms };
}

function expiryOf(
  authorization_key: string,
  authorization: Authorization,
  event_id: Id<'evt'>,
  hearing: Hearing,
): Extract<CardEventBody, { kind: 'expiry' }> {
  const after = afterExpiry(redated(authorization, hearing.at_ms), hearing);
  const { authorization_id } = authorization;
  const effect = effectBetween(authorization, after);
  return {
    kind: 'expiry',
    event_id,
    authorization_id,
    authorization_key,
    effect,
    ...refundAbove([authorization], after),
  };
}
