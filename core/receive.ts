// From what a network says to the event that records it: the decision, the life it belongs to and what it does to money.
// Pure but for the ids, which the caller mints: an event is complete before it is written, and `apply` only folds it in.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Id } from '../contracts/ids.ts';
import { authorizationKeyOf, lifeAt } from './apply.ts';
import { afterApproval, afterMessage, afterVoid, effectBetween } from './authorization.ts';
import type { CardState } from './card-state.ts';
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
  const decision = decide(state, request, nowMs);
  const before = lifeAt(state, request.authorization_key, ids.authorization_id, nowMs);
  const after = decision.outcome === 'approved' ? afterApproval(before, request, decision.approved_minor) : before;
  return {
    kind: 'authorization',
    event_id: ids.event_id,
    authorization_id: before.authorization_id,
    request,
    decision,
    effect: effectBetween(before, after),
  };
}

export function receiveMessage(state: CardState, message: CardMessage, ids: FreshIds, nowMs: number): Body<'message'> {
  const before = lifeAt(state, authorizationKeyOf(message), ids.authorization_id, nowMs);
  const common = {
    kind: 'message',
    event_id: ids.event_id,
    authorization_id: before.authorization_id,
    message,
  } as const;
  // Funds, windows and ledger are in the card's currency; money in another one is kept for a person, not guessed at.
  if (state.profile !== null && message.currency !== state.profile.currency)
    return { ...common, effect: noEffect, anomaly: 'currency_mismatch' };
  return { ...common, effect: effectBetween(before, afterMessage(before, message)) };
}

/** `answer`: the event that answered the request, where it had come; a request that comes after its void stays declined. */
export function receiveVoid(
  state: CardState,
  requestKey: string,
  answer: Body<'authorization'> | null,
  ids: FreshIds,
  nowMs: number,
): Body<'void'> {
  if (answer === null)
    return {
      kind: 'void',
      event_id: ids.event_id,
      request_key: requestKey,
      authorization_id: null,
      authorization_key: null,
      voided_minor: 0,
      effect: noEffect,
    };
  const { authorization_key } = answer.request;
  const before = lifeAt(state, authorization_key, answer.authorization_id, nowMs);
  const voided_minor = answer.decision.approved_minor;
  return {
    kind: 'void',
    event_id: ids.event_id,
    request_key: requestKey,
    authorization_id: answer.authorization_id,
    authorization_key,
    voided_minor,
    effect: effectBetween(before, afterVoid(before, voided_minor)),
  };
}
