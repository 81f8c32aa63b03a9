// A request: decided, recorded and folded in. It opens an authorization, adds to one, or asks for nothing that is held.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { RecordedApproval } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Id } from '../../contracts/ids.ts';
import { assert } from '../assert.ts';
import { fingerprint } from '../fingerprint.ts';
import { answerInPlaceTo, type InPlace } from './answers.ts';
import { addedBy, approvalRecordedIn } from './approvals.ts';
import { type Authorization, changedBy, counted, refundAbove } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { decide } from './decide.ts';
import { alsoNamedBy, type Found, joinedBy, replace, take } from './found.ts';
import { availableMinor, effectOf, fundsAfter } from './funds.ts';
import { type Hearing, heardAt } from './hearing.ts';
import { approvalPlace, beginningPlace } from './hold-changes.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';
import type { Body } from './logged-event.ts';
import { type Subject, subjectOf } from './subject.ts';

export function receiveRequest(
  state: CardState,
  request: AuthorizationRequest,
  found: Found,
  event_id: Id<'evt'>,
  hearing: Hearing,
): Body<'authorization'> {
  const nowMs = hearing.at_ms;
  const inPlace = answerInPlaceTo(state.answers, request);
  const decided = inPlace === null ? decide(state, request, found, nowMs).decision : decidedInPlace(state, inPlace);
  const before = found.authorization;
  const approval = decided.hold_minor === 0 ? undefined : approvalOf(before, request, decided.hold_minor, nowMs);
  const after = afterDecision(state, before, request, decided, approval, hearing);
  const held = after.hold_minor - before.hold_minor;
  // Only what began its authorization may find its hold gone: by messages that arrived before it.
  assert(
    held === decided.hold_minor || (approval?.nth === -1 && held < decided.hold_minor),
    'what is approved is held',
  );
  const effect = effectOf(found, after);
  return {
    kind: 'authorization',
    event_id,
    authorization_id: before.authorization_id,
    request,
    decision: { ...decided, hold_minor: held, ...fundsAfter(state, found, after, effect) },
    effect,
    ...(approval === undefined ? {} : { approval }),
    ...refundAbove(found.parts, after),
    ...alsoNamedBy(found),
    ...joinedBy(found),
  };
}

export function foldRequest(state: CardState, body: Body<'authorization'>, found: Found, hearing: Hearing): void {
  const { sequence } = hearing;
  const { request, decision } = body;
  state.answers.byCard.set(request.request_key, sequence);
  if (decision.hold_minor === 0 && found.parts.length === 0) {
    rememberAsked(state, request, sequence);
    return;
  }
  take(state, found);
  const { authorization } = found;
  replace(state, found, afterDecision(state, authorization, request, decision, approvalRecordedIn(body), hearing));
}

/**
 * A request that holds nothing, of an authorization that nobody has spoken of: a key and a number are kept, so that a card
 * under attack stays small. What the network forces through later finds its id by them.
 */
function rememberAsked({ asked }: CardState, request: AuthorizationRequest, sequence: number): void {
  for (const name of [request.authorization_key, request.alias_key])
    if (name !== undefined) asked.set(fingerprint(name), sequence);
}

/** The network has heard this already, and the advice that said so holds the amount: it is not held again. */
function decidedInPlace(state: CardState, { approved_minor }: InPlace): Decision {
  return {
    outcome: 'approved',
    approved_minor,
    hold_minor: 0,
    reason: null,
    control_id: null,
    available_minor: availableMinor(state),
    profile_version: state.profile?.version ?? null,
    trace: [],
  };
}

/** As the card records it: where it stands, when it was given, what it adds. */
function approvalOf(
  authorization: Authorization,
  request: AuthorizationRequest,
  adds_minor: number,
  nowMs: number,
): RecordedApproval {
  // After a decline or a verification nothing has been held that a message could be about, so that what the network says now is of
  // this approval, though its stamp is a second older. An increment of what the card has never heard of begins nothing: it belongs
  // to an authorization that a message will name, and that message may be the advice it adds to.
  const isFirst = authorization.changed === null;
  const isBegun = authorization.begun !== null;
  const begins = request.kind === 'incremental' ? isBegun && isFirst : !isBegun || isFirst;
  const place = begins ? beginningPlace(request, nowMs) : approvalPlace(authorization.changes, request, nowMs);
  return { ...place, given_at_ms: nowMs, adds_minor };
}

/** `approval`: as it is or will be recorded; undefined where nothing is held for the request. */
function afterDecision(
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

export function afterApproval(
  authorization: Authorization,
  kind: AuthorizationRequest['kind'],
  approval: RecordedApproval,
  granted: { approved_minor: number; subject: Subject; expires_at_ms: number },
  { sequence }: Hearing,
): Authorization {
  const { given_at_ms, adds_minor } = approval;
  const heard = { heard: sequence, heard_ms: given_at_ms };
  const after = {
    ...authorization,
    ...changedBy(authorization, addedBy(approval, granted.approved_minor, heard)),
    subject: subjectAfter(authorization, granted.subject),
    approved_minor: authorization.approved_minor + adds_minor,
    begun: authorization.begun ?? heard,
    expires_at_ms: Math.max(authorization.expires_at_ms, granted.expires_at_ms),
  };
  const approves = { kind: kind === 'incremental' ? 'added' : 'asked', minor: adds_minor } as const;
  return counted(authorization, after, { nowMs: given_at_ms, approves });
}

/** Decided, and nothing is held for it: declined, a verification, or held already by an answer in the card's place. */
function afterDecisionOfNothing(
  authorization: Authorization,
  subject: Subject | null,
  hearing: Hearing,
): Authorization {
  const known = subject === null ? authorization.subject : subjectAfter(authorization, subject);
  const begun = authorization.begun ?? heardAt(hearing);
  return { ...authorization, subject: known, begun, touched_ms: hearing.at_ms };
}

/** Where the purchase was made is said once: an increment counts with what it adds to, whatever it says itself. */
function subjectAfter(authorization: Authorization, asked: Subject): Subject {
  return (authorization.approved_minor > 0 ? authorization.subject : null) ?? asked;
}
