// How the model reads what a network sends: what makes two requests the same, what an advice would have asked, how long it holds.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { ModelLife } from './model-life.ts';

/** When it happened is no part of what was asked: a repeat may be stamped anew. */
export function bodyOf({ occurred_at_ms: _, order: __, ...asked }: AuthorizationRequest): string {
  return JSON.stringify(asked);
}

/** A message's shop: what it leaves unsaid is the authorization's own, unless it names another shop by its id. */
export function shopOf(told: Merchant | null, known: Merchant | null): Merchant | null {
  if (told === null) return known;
  const isOther = known !== null && known.id !== null && told.id !== null && known.id !== told.id;
  if (known === null || isOther) return told;
  const said = Object.entries(told).filter(([, value]) => value !== null);
  return { ...known, ...Object.fromEntries(said) };
}

/** A request for as much as the network has approved without asking. */
export function requestLike(
  message: Extract<CardMessage, { kind: 'advice' }>,
  life: ModelLife | null,
): AuthorizationRequest {
  const said = life?.use.request ?? null;
  const unknown = { id: null, name: null, category: null, country: null };
  return {
    request_key: message.message_key,
    authorization_key: message.authorization_key,
    kind: 'authorization',
    amount_minor: 0,
    currency: message.currency,
    merchant: shopOf(message.merchant, life?.use.merchant ?? null) ?? unknown,
    channel: said?.channel ?? 'other',
    entry_mode: said?.entry_mode ?? 'other',
    card_present: said?.card_present ?? null,
    partial_approval_capable: false,
  };
}

const lodging = /^(350[1-9]|35[1-9]\d|3[6-8]\d\d|39[0-8]\d|399[0-7]|7011|7012|7033)$/;
const carRental = /^(335[1-9]|33[6-9]\d|34\d\d|3500|7512|7513|7519)$/;

export function holdDays(profile: Profile | null, category: string | null): number {
  const staysLong = category !== null && (lodging.test(category) || carRental.test(category));
  return profile?.hold_days ?? (staysLong ? 30 : 7);
}

/** How far back any rolling limit looks. */
export function longestRollingMs(profile: Profile | null): number {
  const rolling = (profile?.controls ?? []).flatMap((control) =>
    control.does === 'limit' && control.window.per === 'rolling' ? [control.window.seconds * 1_000] : [],
  );
  return Math.max(0, ...rolling);
}

/** Until when the card holds: the network's word, from now up to 31 days, or its own. */
export function holdsUntil(profile: Profile | null, request: AuthorizationRequest, nowMs: number): number {
  const said = request.hold_expires_at_ms;
  if (said === undefined) return nowMs + holdDays(profile, request.merchant.category) * 86_400_000;
  return Math.min(nowMs + 31 * 86_400_000, Math.max(nowMs, said));
}
