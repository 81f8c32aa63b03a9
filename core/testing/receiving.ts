// One event of a card without the card: its authorization found, the event received. What `Card` does between its log and its clock.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { FreshIds } from '../card/card.ts';
import type { CardState } from '../card/card-state.ts';
import { type Decided, decide } from '../card/decide.ts';
import { find, findKnown } from '../card/found.ts';
import type { Hearing } from '../card/hearing.ts';
import type { Body } from '../card/logged-event.ts';
import { namedBy, receiveMessage } from '../card/message.ts';
import { receiveRequest } from '../card/request.ts';
import { receiveVoid } from '../card/void.ts';

export function judged(state: CardState, request: AuthorizationRequest, nowMs: number): Decided {
  return decide(state, request, find(state, request, { authorization_id: 'auth_' }, nowMs), nowMs);
}

export function decided(state: CardState, request: AuthorizationRequest, nowMs: number): Decision {
  return judged(state, request, nowMs).decision;
}

export function asked(
  state: CardState,
  request: AuthorizationRequest,
  { event_id, ...ids }: FreshIds,
  hearing: Hearing,
): Body<'authorization'> {
  return receiveRequest(state, request, find(state, request, ids, hearing.at_ms), event_id, hearing);
}

export function told(
  state: CardState,
  message: CardMessage,
  { event_id, ...ids }: FreshIds,
  hearing: Hearing,
): Body<'message'> {
  return receiveMessage(state, message, find(state, namedBy(message), ids, hearing.at_ms), event_id, hearing);
}

export function givenUp(
  state: CardState,
  requestKey: string,
  answer: Body<'authorization'> | null,
  { event_id }: FreshIds,
  nowMs: number,
): Body<'void'> {
  const found = findKnown(state, answer?.request.authorization_key ?? null, nowMs);
  return receiveVoid(requestKey, answer, found, event_id, nowMs);
}
