// Rows that earlier versions of the card wrote. The first gave the instant of an approval alone, 0 for the one that began its
// authorization; the next gave its place, but not the stamp of the beginning, and nothing of what was approved in its place.

import type { ApprovalInPlace, CardEventBody, RecordedApproval } from '../../contracts/card-event.ts';

import { authorizationKeyOf, type LoggedEvent } from './apply.ts';
import { type Authorization, afterCorrection } from './authorization.ts';
import { authorizationKey, type CardState, heldInAll, setAuthorization } from './card-state.ts';
import { beginningPlace } from './hold-changes.ts';
import { approvalInPlace, isAnswerInPlace } from './in-place.ts';
import { dayOfOld, withRefund } from './unmatched.ts';

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

/** Undefined: nothing was held. */
export function approvalRecordedIn(body: Body<'authorization' | 'void'>): RecordedApproval | undefined {
  const recorded = body.approval ?? approvalOfV1(body);
  if (recorded === undefined || body.kind === 'void' || recorded.nth !== -1 || recorded.at_ms > 0) return recorded;
  // A row of before the beginning kept its stamp.
  return { ...recorded, ...beginningPlace(body.request, recorded.given_at_ms) };
}

function approvalOfV1(body: Body<'authorization' | 'void'>): RecordedApproval | undefined {
  const adds_minor = body.kind === 'void' ? body.voided_minor : body.decision.hold_minor;
  const at_ms = body.approved_at_ms ?? (body.kind === 'void' ? undefined : body.request.occurred_at_ms);
  if (adds_minor === 0 || at_ms === undefined) return undefined;
  return { at_ms, nth: at_ms === 0 ? -1 : 0, given_at_ms: at_ms, adds_minor };
}

/** The void takes back what was approved in the card's place. */
export function isOfStandIn(body: Body<'void'>): boolean {
  return body.stood_in !== undefined || body.stood_in_at_ms !== undefined;
}

/**
 * Undefined: the message is no answer in the card's place, or approved nothing. A row of before it was recorded does not say how
 * much the card itself held for the request: all of it, if the card had answered. What the books have is followed below.
 */
export function approvalInPlaceRecordedIn(
  { answered, voided }: CardState,
  { approval, message }: Body<'message'>,
  atMs: number,
): ApprovalInPlace | undefined {
  if (approval !== undefined || !isAnswerInPlace(message)) return approval;
  const { request_key, hold_minor } = message;
  const isHeld = answered.has(request_key) && !voided.has(request_key);
  const minor = isHeld ? hold_minor : 0;
  return approvalInPlace(message, { adds_minor: minor, approved_minor: minor }, atMs);
}

/** A refund of before the card withheld any, which its row would say: it goes on being funds. */
export function countsOnNoDay(
  { message, withheld_minor }: Body<'message'>,
  { refunds }: Authorization,
  after: Authorization,
): Authorization {
  if (message.kind !== 'refund' || withheld_minor !== undefined) return after;
  return { ...after, refunds: withRefund(refunds, dayOfOld, message.amount_minor) };
}

/**
 * The books have what a row says it did. Where today's rules would have held another amount, the authorization is set to what
 * the books have: a hold of 0 that should have been 50 stays 0, and what comes afterwards is right.
 */
export function followBooks(state: CardState, event: LoggedEvent, heldBefore: number): void {
  const { body } = event;
  if (!('effect' in body)) return;
  const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;
  const differs = body.effect.hold_minor - released - (heldInAll(state) - heldBefore);
  if (differs === 0) return;
  const key = authorizationKey(state, keyIn(body));
  const authorization = state.authorizations.get(key);
  if (authorization === undefined) return;
  const held = Math.max(0, authorization.hold_minor + differs);
  setAuthorization(state, key, authorization, afterCorrection(authorization, held, event));
}

function keyIn(body: Exclude<CardEventBody, { kind: 'profile' }>): string {
  if (body.kind === 'authorization') return body.request.authorization_key;
  return body.kind === 'message' ? authorizationKeyOf(body.message) : (body.authorization_key ?? '');
}
