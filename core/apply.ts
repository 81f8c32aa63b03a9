// One event folded into a card's state. `fold(apply)` over the log is the state: live and on load, the same code.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody, RecordedApproval } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Decision } from '../contracts/decision.ts';
import {
  type Authorization,
  afterApproval,
  afterDecisionOfNothing,
  afterExpiry,
  afterMessage,
  afterVoid,
  messagePlace,
} from './authorization.ts';
import { authorizationKey, type CardState, isAnyKnown, setAuthorization, setProfile } from './card-state.ts';
import { fingerprint } from './fingerprint.ts';
import { type Found, take } from './found.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';
import { keptFor } from './kept-counts.ts';
import { approvalRecordedIn, standInPlaceRecordedIn } from './rows-of-old.ts';
import { merchantSaid, subjectAt, subjectOf } from './subject.ts';

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

export function apply(state: CardState, { sequence, at_ms, body }: LoggedEvent): void {
  switch (body.kind) {
    case 'authorization':
      applyDecision(state, body, sequence, at_ms);
      return;
    case 'message':
      applyMessage(state, body, sequence, at_ms);
      return;
    case 'void': {
      state.voided.set(body.request_key, sequence);
      const found = takeKnown(state, body, at_ms);
      const voided = { ...body, approval: approvalRecordedIn(body), stood_in: standInPlaceRecordedIn(body) };
      if (found !== null) change(state, found, afterVoid(found.authorization, voided, at_ms));
      return;
    }
    case 'expiry': {
      const found = takeKnown(state, body, at_ms);
      if (found !== null) change(state, found, afterExpiry(found.authorization, at_ms));
      return;
    }
    case 'profile':
      setProfile(state, body.profile, keptFor(state, body.profile, at_ms));
      return;
  }
}

function applyDecision(state: CardState, body: Body<'authorization'>, sequence: number, atMs: number): void {
  const { request, decision, authorization_id } = body;
  state.answered.set(request.request_key, sequence);
  if (begetsNothing(state, request, decision)) {
    for (const name of [request.authorization_key, request.alias_key])
      if (name !== undefined) state.asked.set(fingerprint(name), sequence);
    return;
  }
  const found = take(state, { ...request, authorization_id }, atMs);
  change(state, found, afterDecision(state, found.authorization, request, decision, approvalRecordedIn(body), atMs));
}

/**
 * A request that holds nothing, of an authorization that nobody has spoken of: a key and a number are kept, so that a card
 * under attack stays small. What the network forces through later finds its id by them.
 */
function begetsNothing(state: CardState, request: AuthorizationRequest, { hold_minor }: Decision): boolean {
  return hold_minor === 0 && !isAnyKnown(state, request.authorization_key, request.alias_key);
}

function applyMessage(state: CardState, body: Body<'message'>, sequence: number, atMs: number): void {
  const { message, authorization_id, anomaly } = body;
  state.received.set(message.message_key, sequence);
  if (anomaly !== undefined) return;
  const named = { ...message, authorization_key: authorizationKeyOf(message), authorization_id };
  const found = take(state, named, atMs);
  if (message.kind === 'advice' && message.request_key !== undefined) {
    const { request_key, hold_minor: approved_minor, authorization_key } = message;
    const place = messagePlace(found.authorization, message, isApprovalInPlace(state, message), atMs);
    state.stoodIn.set(request_key, { sequence, approved_minor, authorization_key, place });
  }
  change(state, found, afterHearing(state, found.authorization, message, atMs));
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
  atMs: number,
): Authorization {
  const subject = outcome === 'approved' ? subjectOf(request) : null;
  if (approval === undefined || subject === null) return afterDecisionOfNothing(authorization, subject, atMs);
  const expires_at_ms = holdExpiresAtMs(state.profile, request, atMs);
  return afterApproval(authorization, request.kind, approval, { approved_minor, subject, expires_at_ms });
}

/** An authorization after a message of the network. */
export function afterHearing(
  state: CardState,
  authorization: Authorization,
  message: CardMessage,
  atMs: number,
): Authorization {
  const merchant = 'merchant' in message ? message.merchant : null;
  const usedAt = merchantSaid(merchant, authorization.subject?.merchant ?? null);
  const expires_at_ms = holdExpiresAtMs(state.profile, { merchant: usedAt }, atMs);
  const known = { subject: subjectAt(merchant), expires_at_ms, isApproval: isApprovalInPlace(state, message) };
  return afterMessage(authorization, message, known, atMs);
}

/**
 * Our edge has approved a request that the card has not answered, or has given up: it is held in addition to what the authorization
 * holds. Example: 100 approved by the card, then a second try of 60 by the edge: 160. A network's own advice says all that is held.
 */
function isApprovalInPlace({ answered, voided }: CardState, message: CardMessage): boolean {
  if (message.kind !== 'advice' || message.decided_by !== 'edge' || message.hold_minor === 0) return false;
  const { request_key } = message;
  return request_key !== undefined && (!answered.has(request_key) || voided.has(request_key));
}
