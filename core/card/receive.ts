// From what a network says to the event that records it: the decision, the authorization it belongs to, what it does to money.
// Pure but for the ids, which the caller mints: an event is complete before it is written, and `apply` only folds it in.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import type { Id } from '../../contracts/ids.ts';
import { assert } from '../assert.ts';
import { afterDecision, afterHearing, authorizationKeyOf } from './apply.ts';
import { type Authorization, approvalOf, effectBetween, refundAbove } from './authorization.ts';
import { authorizationKey, availableMinor, type CardState, type StoodIn, standInFor } from './card-state.ts';
import { decide } from './decide.ts';
import { type Found, find } from './found.ts';
import { effectOf, fundsAfter, moreWithheldBy, spentBy } from './funds-after.ts';
import type { Hearing } from './hearing.ts';
import { approvalInPlace, type HeldForRequest, isAnswerInPlace } from './in-place.ts';
import { redated } from './redated.ts';
import { approvalRecordedIn } from './rows-of-old.ts';
import { merchantSaid } from './subject.ts';
import { afterVoid, afterVoidInPlace, type Voided } from './voided.ts';

/** Fresh ids for one event; the authorization's is used only where the event begins an authorization. */
export interface FreshIds {
  readonly event_id: Id<'evt'>;
  readonly authorization_id: Id<'auth'>;
  /** Other names of the authorization, by an earlier request that held nothing. */
  readonly also_named?: readonly string[] | undefined;
}

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

const noEffect = { hold_minor: 0, posted_minor: 0 };

export function receiveRequest(
  state: CardState,
  request: AuthorizationRequest,
  ids: FreshIds,
  hearing: Hearing,
): Body<'authorization'> {
  const nowMs = hearing.at_ms;
  const stoodIn = answeredInPlace(state, request);
  const decided = stoodIn === null ? decide(state, request, nowMs, ids.also_named) : decidedInPlace(state, stoodIn);
  const { authorization_id, also_named } = ids;
  const found = find(state, { ...request, authorization_id, also_named }, nowMs);
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
    event_id: ids.event_id,
    authorization_id: before.authorization_id,
    request,
    decision: { ...decided, hold_minor: held, ...fundsAfter(state, found, after, effect) },
    effect,
    ...(approval === undefined ? {} : { approval }),
    ...refundAbove(found.parts, after),
    ...alsoNamedBy(ids),
    ...joinedBy(found),
  };
}

/**
 * If the edge already answered this request in the card's place, that answer. A stand-in of 0 for a request of more than 0 does
 * not count as an answer.
 */
export function answeredInPlace(state: CardState, request: AuthorizationRequest): StoodIn | null {
  const stoodIn = standInFor(state, request.request_key);
  return stoodIn?.approved_minor === 0 && request.amount_minor > 0 ? null : stoodIn;
}

/** The network has heard this already, and the advice that said so holds the amount: it is not held again. */
function decidedInPlace(state: CardState, { approved_minor }: StoodIn): Decision {
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

/** `answer`: of an answer in the card's place, the event that holds the card's own answer to the same request. */
export function receiveMessage(
  state: CardState,
  message: CardMessage,
  ids: FreshIds,
  hearing: Hearing,
  answer: Body<'authorization'> | null = null,
): Body<'message'> {
  const nowMs = hearing.at_ms;
  const { event_id, authorization_id, also_named } = ids;
  const authorization_key = authorizationKeyOf(message);
  const found = find(state, { ...message, authorization_key, authorization_id, also_named }, nowMs);
  const before = found.authorization;
  const common = { kind: 'message', event_id, authorization_id: before.authorization_id, message } as const;
  // Funds, windows and ledger are in the card's currency, and one authorization is in one: money in another is kept for a
  // person, not guessed at. The hold stays; a message in the right currency, or a reversal, still finds it.
  const isForeign = state.profile !== null && message.currency !== state.profile.currency;
  if (isForeign || message.currency !== before.currency)
    return { ...common, effect: noEffect, anomaly: 'currency_mismatch' };
  const approval = isAnswerInPlace(message)
    ? approvalInPlace(message, heldForRequest(state, message.request_key, answer), nowMs)
    : undefined;
  const after = afterHearing(state, before, message, approval, hearing);
  const effect = effectOf(found, after);
  const left = availableMinor(state);
  const moreHeld = spentBy(effect, found) - effect.posted_minor;
  const moreWithheld = moreWithheldBy(state, found, after);
  const spends = spentBy(effect, found) + moreWithheld;
  const overdrawn = left !== null && spends > 0 && left - spends < 0;
  const against =
    message.kind === 'advice' ? wouldDecline(state, message, { found, alsoNamed: also_named }, moreHeld, nowMs) : null;
  return {
    ...common,
    effect,
    ...(approval === undefined ? {} : { approval }),
    ...(against === null ? {} : { against }),
    ...(overdrawn ? { overdrawn } : {}),
    // Each further refund is another one to look at.
    ...refundAbove(message.kind === 'refund' ? [] : found.parts, after),
    ...(message.kind === 'refund' ? { withheld_minor: Math.max(0, moreWithheld) } : {}),
    ...alsoNamedBy(ids),
    ...joinedBy(found),
  };
}

/** What is held for a request that the edge has answered: by the card's own answer, and by an earlier one in its place. */
function heldForRequest(state: CardState, requestKey: string, answer: Body<'authorization'> | null): HeldForRequest {
  const own = answer === null || state.voided.has(requestKey) ? undefined : approvalRecordedIn(answer);
  const inPlace = standInFor(state, requestKey)?.approvals ?? [];
  const held = { adds_minor: own?.adds_minor ?? 0, approved_minor: 0 };
  if (own !== undefined) held.approved_minor = answer?.decision.approved_minor ?? 0;
  for (const { adds_minor, approved_minor } of inPlace) {
    held.adds_minor += adds_minor;
    held.approved_minor += approved_minor;
  }
  return { ...held, own: inPlace.length === 0 ? own : undefined };
}

/** What the rules would have said of more that was approved without us. */
function wouldDecline(
  state: CardState,
  advice: Extract<CardMessage, { kind: 'advice' }>,
  {
    found: {
      authorization: { subject },
    },
    alsoNamed,
  }: { found: Found; alsoNamed: readonly string[] | undefined },
  moreMinor: number,
  nowMs: number,
): DeclineReason | null {
  if (moreMinor <= 0) return null;
  const { authorization_key, alias_key } = advice;
  const nowhere = { id: null, name: null, category: null, country: null };
  const merchant = merchantSaid(advice.merchant, subject?.merchant ?? null) ?? nowhere;
  const request: AuthorizationRequest = {
    request_key: advice.message_key,
    authorization_key,
    alias_key,
    kind: 'authorization',
    amount_minor: moreMinor,
    currency: advice.currency,
    merchant,
    channel: subject?.channel ?? 'other',
    entry_mode: subject?.entry_mode ?? 'other',
    card_present: subject?.card_present ?? null,
    partial_approval_capable: false,
  };
  return decide(state, request, nowMs, alsoNamed).reason;
}

/** `answer`: the event that answered the request, where it had come; a request that comes after its void stays declined. */
export function receiveVoid(
  state: CardState,
  requestKey: string,
  answer: Body<'authorization'> | null,
  event_id: Id<'evt'>,
  nowMs: number,
): Body<'void'> {
  const common = { kind: 'void', event_id, request_key: requestKey } as const;
  if (answer === null)
    return { ...common, authorization_id: null, authorization_key: null, voided_minor: 0, effect: noEffect };
  const { authorization_key } = answer.request;
  const voided = voidedOf(answer);
  const known = state.authorizations.get(authorizationKey(state, authorization_key)) ?? null;
  return {
    ...common,
    authorization_id: known?.authorization_id ?? answer.authorization_id,
    authorization_key,
    ...voided,
    ...changed(known, known && afterVoid(redated(known, nowMs), voided, nowMs)),
  };
}

/** The same for what was answered in the card's place: released where that holds it. */
export function receiveVoidInPlace(
  state: CardState,
  requestKey: string,
  stoodIn: StoodIn,
  event_id: Id<'evt'>,
  nowMs: number,
): Body<'void'> {
  const { authorization_key, approved_minor, approvals, place } = stoodIn;
  const known = state.authorizations.get(authorizationKey(state, authorization_key)) ?? null;
  const added = approvals?.reduce((sum, { adds_minor }) => sum + adds_minor, 0);
  return {
    kind: 'void',
    event_id,
    request_key: requestKey,
    authorization_id: known?.authorization_id ?? null,
    authorization_key: known === null ? null : authorization_key,
    voided_minor: added ?? approved_minor,
    stood_in: place,
    ...changed(known, known && afterVoidInPlace(redated(known, nowMs), stoodIn, nowMs)),
  };
}

/** What a void does to the authorization that it is of; null: none is known. */
function changed(
  before: Authorization | null,
  after: Authorization | null,
): Pick<Body<'void'>, 'effect' | 'refund_above_cleared'> {
  if (before === null || after === null) return { effect: noEffect };
  return { effect: effectBetween(before, after), ...refundAbove([before], after) };
}

/** What giving up a decided request takes back. */
function voidedOf(answer: Body<'authorization'>): Voided {
  const approval = approvalRecordedIn(answer);
  if (approval === undefined) return { voided_minor: 0 };
  const { approved_minor } = answer.decision;
  const { adds_minor } = approval;
  return { voided_minor: adds_minor, ...(approved_minor === adds_minor ? {} : { approved_minor }), approval };
}

function alsoNamedBy({ also_named = [] }: FreshIds): { also_named?: string[] } {
  return also_named.length === 0 ? {} : { also_named: [...also_named] };
}

function joinedBy({ absorbed }: Found): Pick<Body<'message'>, 'joined'> {
  if (absorbed === null) return {};
  const { authorization_id, hold_minor } = absorbed.authorization;
  return { joined: { authorization_id, released_minor: hold_minor } };
}
