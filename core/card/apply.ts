// One event folded into a card's state. `fold(apply)` over the log is the state: live and on load, the same code.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { ApprovalInPlace, CardEventBody, RecordedApproval } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { ReleasedRefund } from '../../contracts/refund-release.ts';
import { fingerprint } from '../fingerprint.ts';
import {
  type Authorization,
  afterApproval,
  afterDecisionOfNothing,
  afterExpiry,
  afterMessage,
} from './authorization.ts';
import {
  authorizationKey,
  type CardState,
  isAnyKnown,
  type StoodIn,
  setAuthorization,
  setProfile,
  standInFor,
} from './card-state.ts';
import { type Found, take } from './found.ts';
import type { Hearing } from './hearing.ts';
import { placeOf } from './hold-changes.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';
import { afterApprovalInPlace, isAnswerInPlace } from './in-place.ts';
import { keptFor } from './kept-counts.ts';
import { approvalInPlaceRecordedIn, approvalRecordedIn, countsOnNoDay, isOfStandIn } from './rows-of-old.ts';
import { merchantSaid, subjectAt, subjectOf } from './subject.ts';
import { countUnmatched, dayOf, withRefund } from './unmatched.ts';
import { afterVoid, afterVoidInPlace } from './voided.ts';

export interface LoggedEvent {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: CardEventBody;
}

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

/**
 * The key under which a message without an authorization (force post, unlinked refund) is kept: its own, behind a space, which
 * no network's key has, so that nothing a network names can meet it.
 */
export function authorizationKeyOf(message: CardMessage): string {
  return message.authorization_key ?? `message ${message.message_key}`;
}

export function apply(state: CardState, event: LoggedEvent): void {
  const { sequence, at_ms, body } = event;
  switch (body.kind) {
    case 'authorization':
      applyDecision(state, body, event);
      return;
    case 'message':
      applyMessage(state, body, event);
      return;
    case 'void': {
      const stoodIn = isOfStandIn(body) ? state.stoodIn.get(body.request_key) : undefined;
      state.voided.set(body.request_key, sequence);
      const found = takeKnown(state, body, at_ms);
      if (found === null) return;
      const { authorization } = found;
      const voided = { ...body, approval: approvalRecordedIn(body) };
      if (!isOfStandIn(body)) change(state, found, afterVoid(authorization, voided, at_ms));
      else if (stoodIn !== undefined) change(state, found, afterVoidInPlace(authorization, stoodIn, at_ms));
      return;
    }
    case 'expiry': {
      const found = takeKnown(state, body, at_ms);
      if (found !== null) change(state, found, afterExpiry(found.authorization, event));
      return;
    }
    case 'profile':
      setProfile(state, body.profile, keptFor(state, body.profile, at_ms));
      return;
  }
}

function applyDecision(state: CardState, body: Body<'authorization'>, hearing: Hearing): void {
  const { sequence } = hearing;
  const { request, decision, authorization_id, also_named } = body;
  state.answered.set(request.request_key, sequence);
  if (begetsNothing(state, request, decision, also_named)) {
    for (const name of [request.authorization_key, request.alias_key])
      if (name !== undefined) state.asked.set(fingerprint(name), sequence);
    return;
  }
  const found = take(state, { ...request, authorization_id, also_named }, hearing.at_ms);
  change(state, found, afterDecision(state, found.authorization, request, decision, approvalRecordedIn(body), hearing));
}

/**
 * A request that holds nothing, of an authorization that nobody has spoken of: a key and a number are kept, so that a card
 * under attack stays small. What the network forces through later finds its id by them.
 */
function begetsNothing(
  state: CardState,
  { authorization_key, alias_key }: AuthorizationRequest,
  { hold_minor }: Decision,
  alsoNamed: readonly string[] | undefined,
): boolean {
  return hold_minor === 0 && !isAnyKnown(state, authorization_key, alias_key, alsoNamed);
}

function applyMessage(state: CardState, body: Body<'message'>, hearing: Hearing): void {
  const { sequence, at_ms: atMs } = hearing;
  const { message, authorization_id, anomaly, also_named, releases } = body;
  state.received.set(message.message_key, sequence);
  if (anomaly !== undefined) return;
  if (releases !== undefined) {
    release(state, body, releases);
    return;
  }
  const named = { ...message, authorization_key: authorizationKeyOf(message), authorization_id, also_named };
  const found = take(state, named, atMs);
  const approval = approvalInPlaceRecordedIn(state, body, atMs);
  const after = afterHearing(state, found.authorization, message, approval, hearing);
  if (message.kind === 'advice' && message.request_key !== undefined) {
    const place = placeOf(found.authorization.changes, message, atMs);
    state.stoodIn.set(
      message.request_key,
      stoodInBy(state, message, message.request_key, { approval, place, sequence }),
    );
  }
  change(state, found, countsOnNoDay(body, found.authorization, after));
}

/** Of an authorization that was forgotten, the day's sum is what is left of it. */
function release(state: CardState, { authorization_id, message }: Body<'message'>, released: ReleasedRefund): void {
  const day = dayOf(released.refunded_at_ms);
  const known = [...state.authorizations].find(([, one]) => one.authorization_id === authorization_id);
  const refunds = withRefund(known?.[1].refunds ?? [], day, -released.minor);
  if (known !== undefined) setAuthorization(state, ...known, { ...known[1], refunds });
  else countUnmatched(state.unmatched, { currency: message.currency, cleared_minor: 0, refunds }, 1);
}

/** An answer in the card's place, as it is kept for repeats of its request and for a void of it. */
function stoodInBy(
  state: CardState,
  message: Extract<CardMessage, { kind: 'advice' }>,
  requestKey: string,
  { approval, place, sequence }: Pick<StoodIn, 'place' | 'sequence'> & { approval: ApprovalInPlace | undefined },
): StoodIn {
  const { authorization_key, hold_minor: approved_minor } = message;
  const common = { sequence, approved_minor, authorization_key };
  if (!isAnswerInPlace(message)) return { ...common, place };
  const before = standInFor(state, requestKey)?.approvals ?? [];
  if (approval === undefined) return { ...common, place, approvals: before };
  const { at_ms, nth } = approval;
  return { ...common, place: { at_ms, nth }, approvals: [...before, approval] };
}

/** Of an event that begins nothing: null where what it speaks of has been forgotten, or never held anything. */
function takeKnown(state: CardState, body: Body<'void' | 'expiry'>, atMs: number): Found | null {
  const { authorization_key, authorization_id } = body;
  if (authorization_key === null || authorization_id === null) return null;
  const known = state.authorizations.get(authorizationKey(state, authorization_key));
  if (known === undefined) return null;
  return take(state, { authorization_key, authorization_id, currency: known.currency }, atMs);
}

function change(state: CardState, { key, authorization, parts }: Found, after: Authorization): void {
  const before = parts.length === 0 ? null : authorization;
  setAuthorization(state, key, before, after);
}

/** `approval`: as it is or will be recorded; null where nothing is held for the request. */
export function afterDecision(
  state: CardState,
  authorization: Authorization,
  request: AuthorizationRequest,
  { outcome, approved_minor }: Decision,
  approval: RecordedApproval | undefined,
  hearing: Hearing,
): Authorization {
  const subject = outcome === 'approved' ? subjectOf(request) : null;
  if (approval === undefined || subject === null) return afterDecisionOfNothing(authorization, subject, hearing);
  const expires_at_ms = holdExpiresAtMs(state.profile, request, hearing.at_ms);
  return afterApproval(authorization, request.kind, approval, { approved_minor, subject, expires_at_ms }, hearing);
}

/** An authorization after a message. `approval`: of an answer in the card's place that approved something. */
export function afterHearing(
  state: CardState,
  authorization: Authorization,
  message: CardMessage,
  approval: ApprovalInPlace | undefined,
  hearing: Hearing,
): Authorization {
  const atMs = hearing.at_ms;
  // The edge told the network no: nothing is held for that, and what is held stays.
  if (isAnswerInPlace(message) && approval === undefined) return { ...authorization, touched_ms: atMs };
  const merchant = 'merchant' in message ? message.merchant : null;
  const usedAt = merchantSaid(merchant, authorization.subject?.merchant ?? null);
  const expires_at_ms = holdExpiresAtMs(state.profile, { merchant: usedAt }, atMs);
  const known = { subject: subjectAt(merchant), expires_at_ms };
  if (approval !== undefined && isAnswerInPlace(message))
    return afterApprovalInPlace(authorization, message, approval, known, hearing);
  return afterMessage(authorization, message, known, hearing);
}
