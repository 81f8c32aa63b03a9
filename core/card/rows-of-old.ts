// What rows of earlier versions of the card mean. The first version gave the instant of an approval alone, 0 for the one that began its
// authorization (`approvals.ts` reads it); the next gave its place, but not the stamp of the beginning, and nothing of what was approved in
// its place.

import type { ApprovalInPlace, CardEventBody, RecordedApproval } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import { approvalRecordedIn } from './approvals.ts';
import { type Authorization, changedBy, counted } from './authorization.ts';
import { authorizationKey, type CardState, heldInAll, setAuthorization } from './card-state.ts';
import { type Hearing, heardAt } from './hearing.ts';
import { afterAllHeard } from './hold-changes.ts';
import { approvalInPlace, isAnswerInPlace } from './in-place.ts';
import type { Body, LoggedEvent } from './logged-event.ts';
import { authorizationKeyOf } from './message-content.ts';
import { dayOfOld, withRefund } from './unmatched.ts';

/** A request given up, as the card folds it. */
export type GivenUp =
  /** `approval`: of the card's own answer, which is taken back. Undefined: nothing was held. */
  | { readonly kind: 'void'; readonly request_key: string; readonly approval: RecordedApproval | undefined }
  /** What was approved in the card's place is taken back. */
  | { readonly kind: 'void_in_place'; readonly request_key: string };

/** Rows have one kind for both: on a card with a row of another kind, a release of before it would decide nothing. */
export function givenUpIn(body: Body<'void'>): GivenUp {
  const { request_key, stood_in, stood_in_at_ms } = body;
  if (stood_in !== undefined || stood_in_at_ms !== undefined) return { kind: 'void_in_place', request_key };
  return { kind: 'void', request_key, approval: approvalRecordedIn(body) };
}

/**
 * Undefined: the message is no answer in the card's place, or approved nothing. A row of before it was recorded does not say how
 * much the card itself held for the request: all of it, if the card had answered. What the books have is followed below.
 */
export function approvalInPlaceRecordedIn(
  { answers: { byCard, givenUp } }: CardState,
  { approval, message }: Body<'message'>,
  atMs: number,
): ApprovalInPlace | undefined {
  if (approval !== undefined || !isAnswerInPlace(message)) return approval;
  const { request_key, hold_minor } = message;
  const isHeld = byCard.has(request_key) && !givenUp.has(request_key);
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

/** Set to what the books hold for it. */
export function afterCorrection(authorization: Authorization, hold_minor: number, hearing: Hearing): Authorization {
  const nowMs = hearing.at_ms;
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = changedBy(authorization, { ...place, does: 'sets', minor: hold_minor, ...heardAt(hearing) });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}
