// From what a network says to the event that records it: the decision, the life it belongs to and what it does to money.
// Pure but for the ids, which the caller mints: an event is complete before it is written, and `apply` only folds it in.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody, Effect } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Decision, DeclineReason } from '../contracts/decision.ts';
import type { Id } from '../contracts/ids.ts';
import { afterDecision, afterWord, authorizationKeyOf, type FoundLife, findLife, knownLife } from './apply.ts';
import {
  type Authorization,
  afterVoid,
  approvedAtMs,
  effectBetween,
  newAuthorization,
  postedMinor,
  type Voided,
} from './authorization.ts';
import { availableMinor, type CardState, type StoodIn, standInFor } from './card-state.ts';
import { decide } from './decide.ts';

/** Fresh ids for one event; the authorization's is used only where the event begins a life. */
export interface FreshIds {
  readonly event_id: Id<'evt'>;
  readonly authorization_id: Id<'auth'>;
}

type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;

const noEffect = { hold_minor: 0, posted_minor: 0 };

export function receiveRequest(
  state: CardState,
  request: AuthorizationRequest,
  ids: FreshIds,
  nowMs: number,
): Body<'authorization'> {
  const stoodIn = answeredInPlace(state, request);
  const decided = stoodIn === null ? decide(state, request, nowMs) : decidedInPlace(state, stoodIn);
  const found = findLife(state, request.authorization_key, request.alias_key, ids.authorization_id, nowMs);
  const effect = effectOf(state, found, afterDecision(state, found.life, request, decided, nowMs));
  // What an approval adds may be gone already, by what was told of it before.
  const left = availableMinor(state);
  const available_minor = left === null ? null : left - spentBy(effect, found);
  const decision = available_minor === decided.available_minor ? decided : { ...decided, available_minor };
  const approved_at_ms = approvedAtMs(found.life, request, nowMs);
  return {
    kind: 'authorization',
    event_id: ids.event_id,
    authorization_id: found.life.authorization_id,
    request,
    decision,
    effect,
    ...(decision.hold_minor === 0 || approved_at_ms === request.occurred_at_ms ? {} : { approved_at_ms }),
    ...joinedBy(found),
  };
}

/** The answer that a request only repeats, given in the card's place. One of nothing to a request for something decides nothing. */
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

export function receiveMessage(state: CardState, message: CardMessage, ids: FreshIds, nowMs: number): Body<'message'> {
  const found = findLife(state, authorizationKeyOf(message), message.alias_key, ids.authorization_id, nowMs);
  const { event_id } = ids;
  const common = { kind: 'message', event_id, authorization_id: found.life.authorization_id, message } as const;
  // Funds, windows and ledger are in the card's currency; money in another one is kept for a person, not guessed at.
  if (state.profile !== null && message.currency !== state.profile.currency)
    return { ...common, effect: noEffect, anomaly: 'currency_mismatch' };
  const effect = effectOf(state, found, afterWord(state, found.life, message, nowMs));
  const left = availableMinor(state);
  const spends = spentBy(effect, found);
  const moreHeld = spends - effect.posted_minor;
  const overdrawn = left !== null && spends > 0 && left - spends < 0;
  const against = message.kind === 'advice' ? wouldDecline(state, message, moreHeld, nowMs) : null;
  return {
    ...common,
    effect,
    ...(against === null ? {} : { against }),
    ...(overdrawn ? { overdrawn } : {}),
    ...joinedBy(found),
  };
}

/** What the rules would have said of more that was approved without us. */
function wouldDecline(
  state: CardState,
  advice: Extract<CardMessage, { kind: 'advice' }>,
  moreMinor: number,
  nowMs: number,
): DeclineReason | null {
  if (moreMinor <= 0) return null;
  const { authorization_key, alias_key } = advice;
  const subject = knownLife(state, authorization_key, alias_key)?.life.subject ?? null;
  const merchant = advice.merchant ?? subject?.merchant ?? { id: null, name: null, category: null, country: null };
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
  return decide(state, request, nowMs).reason;
}

/** `answer`: the event that answered the request, where it had come; a request that comes after its void stays declined. */
export function receiveVoid(
  state: CardState,
  requestKey: string,
  answer: Body<'authorization'> | null,
  ids: FreshIds,
  nowMs: number,
): Body<'void'> {
  const common = { kind: 'void', event_id: ids.event_id, request_key: requestKey } as const;
  if (answer === null)
    return { ...common, authorization_id: null, authorization_key: null, voided_minor: 0, effect: noEffect };
  const { authorization_key } = answer.request;
  const { life } = findLife(state, authorization_key, undefined, answer.authorization_id, nowMs);
  const voided = voidedOf(answer);
  return {
    ...common,
    authorization_id: life.authorization_id,
    authorization_key,
    ...voided,
    effect: effectBetween(life, afterVoid(life, voided, nowMs)),
  };
}

/** The same for what was answered in the card's place: released where that holds it. */
export function receiveVoidInPlace(
  state: CardState,
  requestKey: string,
  { authorization_key, approved_minor, at_ms }: StoodIn,
  ids: FreshIds,
  nowMs: number,
): Body<'void'> {
  const { life } = findLife(state, authorization_key, undefined, ids.authorization_id, nowMs);
  const voided = { voided_minor: approved_minor, stood_in_at_ms: at_ms };
  return {
    kind: 'void',
    event_id: ids.event_id,
    request_key: requestKey,
    authorization_id: life.authorization_id,
    authorization_key,
    ...voided,
    effect: effectBetween(life, afterVoid(life, voided, nowMs)),
  };
}

/** What giving up a decided request takes back. */
function voidedOf({ request, decision, approved_at_ms = request.occurred_at_ms }: Body<'authorization'>): Voided {
  const { hold_minor, approved_minor } = decision;
  return {
    voided_minor: hold_minor,
    ...(approved_minor === hold_minor ? {} : { approved_minor }),
    ...(hold_minor === 0 || approved_at_ms === undefined ? {} : { approved_at_ms }),
  };
}

/** What the step does to money. What a life that went into this one has posted stays posted. */
function effectOf(state: CardState, { key, life, absorbed }: FoundLife, after: Authorization): Effect {
  const before = state.authorizations.get(key) ?? newAuthorization(life.authorization_id, life.at_ms);
  const { hold_minor, posted_minor } = effectBetween(before, after);
  return { hold_minor, posted_minor: posted_minor - (absorbed === null ? 0 : postedMinor(absorbed.life)) };
}

/** How much less the card may spend after it: the hold of a life that went into another one is no new spending. */
function spentBy({ hold_minor, posted_minor }: Effect, { absorbed }: FoundLife): number {
  return hold_minor - (absorbed?.life.hold_minor ?? 0) + posted_minor;
}

function joinedBy({ absorbed }: FoundLife): Pick<Body<'message'>, 'joined'> {
  if (absorbed === null) return {};
  const { authorization_id, hold_minor } = absorbed.life;
  return { joined: { authorization_id, released_minor: hold_minor } };
}
