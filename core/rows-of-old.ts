// Rows that the first version of the card wrote: they give the instant of an approval alone, 0 for the one that began its
// authorization.

import type { CardEventBody, Place, RecordedApproval } from '../contracts/card-event.ts';

import { authorizationKeyOf, type LoggedEvent } from './apply.ts';
import { afterCorrection } from './authorization.ts';
import { authorizationKey, type CardState, heldInAll, setAuthorization } from './card-state.ts';

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

/** Undefined: nothing was held. */
export function approvalRecordedIn(body: Body<'authorization' | 'void'>): RecordedApproval | undefined {
  if (body.approval !== undefined) return body.approval;
  const adds_minor = body.kind === 'void' ? body.voided_minor : body.decision.hold_minor;
  const at_ms = body.approved_at_ms ?? (body.kind === 'void' ? undefined : body.request.occurred_at_ms);
  if (adds_minor === 0 || at_ms === undefined) return undefined;
  return { at_ms, nth: at_ms === 0 ? -1 : 0, given_at_ms: at_ms, adds_minor };
}

export function standInPlaceRecordedIn(body: Body<'void'>): Place | undefined {
  if (body.stood_in !== undefined) return body.stood_in;
  return body.stood_in_at_ms === undefined ? undefined : { at_ms: body.stood_in_at_ms, nth: 0 };
}

/**
 * The books have what a row says it did. Where today's rules would have held another amount, the authorization is set to what
 * the books have: a hold of 0 that should have been 50 stays 0, and what comes afterwards is right.
 */
export function followBooks(state: CardState, { at_ms, body }: LoggedEvent, heldBefore: number): void {
  if (!('effect' in body)) return;
  const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;
  const differs = body.effect.hold_minor - released - (heldInAll(state) - heldBefore);
  if (differs === 0) return;
  const key = authorizationKey(state, keyIn(body));
  const authorization = state.authorizations.get(key);
  if (authorization === undefined) return;
  const held = Math.max(0, authorization.hold_minor + differs);
  setAuthorization(state, key, authorization, afterCorrection(authorization, held, at_ms));
}

function keyIn(body: Exclude<CardEventBody, { kind: 'profile' }>): string {
  if (body.kind === 'authorization') return body.request.authorization_key;
  return body.kind === 'message' ? authorizationKeyOf(body.message) : (body.authorization_key ?? '');
}
