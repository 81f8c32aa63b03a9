// What controls look at: one use of a card, as far as it is known. A request says all of it, a clearing on its own only where.

import type { AuthorizationRequest, Merchant, threeDSecureResults } from '../../contracts/authorization-request.ts';
import { fold } from '../../contracts/fold.ts';

export interface Subject {
  readonly merchant: Merchant | null;
  readonly channel: AuthorizationRequest['channel'] | null;
  readonly entry_mode: AuthorizationRequest['entry_mode'] | null;
  readonly card_present: boolean | null;
  /** The merchant's. */
  readonly currency: string | null;
  readonly risk_score: number | null;
  readonly three_d_secure: (typeof threeDSecureResults)[number] | null;
}

export function subjectOf(request: AuthorizationRequest): Subject {
  return {
    merchant: request.merchant,
    channel: request.channel,
    entry_mode: request.entry_mode,
    card_present: request.card_present,
    currency: request.merchant_currency ?? request.currency,
    risk_score: request.risk_score ?? null,
    three_d_secure: request.three_d_secure ?? null,
  };
}

/**
 * Where a message says that the card was used. What it leaves unsaid, or said so that it could not be read, is the authorization's own:
 * an advice without a category for a hotel keeps the hotel's 30 days. Another shop's id names another place, of which nothing is known;
 * `"h1"` is no other shop than `"H1"`, as controls compare them too.
 */
export function merchantSaid(given: Merchant | null, known: Merchant | null): Merchant | null {
  if (given === null || known === null) return given ?? known;
  if (given.id !== null && known.id !== null && fold(given.id) !== fold(known.id)) return given;
  return {
    id: given.id ?? known.id,
    name: given.name ?? known.name,
    category: given.category ?? known.category,
    country: given.country ?? known.country,
  };
}

/** Of a message: where, and nothing of how. */
export function subjectAt(merchant: Merchant | null): Subject | null {
  return merchant === null ? null : { ...unknown, merchant };
}

export const unknown: Subject = {
  merchant: null,
  channel: null,
  entry_mode: null,
  card_present: null,
  currency: null,
  risk_score: null,
  three_d_secure: null,
};
