// One event folded into a card's state. `fold(apply)` over the log is the state: live and on load, the same code.

import type { CardEventBody } from '../contracts/card-event.ts';
import type { Id } from '../contracts/ids.ts';
import { type Authorization, afterApproval, afterMessage, afterVoid, newAuthorization } from './authorization.ts';
import { type CardState, setAuthorization, setProfile } from './card-state.ts';

export interface LoggedEvent {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: CardEventBody;
}

/**
 * The key under which a message without an authorization (force post, unlinked refund) lives: its own, behind a space, which
 * no network's key has, so that nothing a network names can meet it.
 */
export function authorizationKeyOf(message: { authorization_key: string | null; message_key: string }): string {
  return message.authorization_key ?? `message ${message.message_key}`;
}

export function apply(state: CardState, { sequence, at_ms, body }: LoggedEvent): void {
  switch (body.kind) {
    case 'authorization': {
      const { request, decision } = body;
      state.answered.set(request.request_key, sequence);
      const before = lifeAt(state, request.authorization_key, body.authorization_id, at_ms);
      const approved = decision.outcome === 'approved';
      // A declined request's life is kept too: what the network forces through later belongs to the same authorization.
      const after = approved ? afterApproval(before, request, decision.approved_minor) : before;
      setAuthorization(state, request.authorization_key, before, after);
      return;
    }
    case 'message': {
      state.received.add(body.message.message_key);
      if (body.anomaly !== undefined) return;
      const key = authorizationKeyOf(body.message);
      const before = lifeAt(state, key, body.authorization_id, at_ms);
      setAuthorization(state, key, before, afterMessage(before, body.message));
      return;
    }
    case 'void': {
      state.voided.add(body.request_key);
      if (body.authorization_key === null || body.authorization_id === null) return;
      const before = lifeAt(state, body.authorization_key, body.authorization_id, at_ms);
      setAuthorization(state, body.authorization_key, before, afterVoid(before, body.voided_minor));
      return;
    }
    case 'profile':
      setProfile(state, body.profile);
      return;
  }
}

/** The life under a key, begun by this event where it is the first to name it. */
export function lifeAt(state: CardState, key: string, authorization_id: Id<'auth'>, at_ms: number): Authorization {
  return state.authorizations.get(key) ?? newAuthorization(authorization_id, at_ms);
}
