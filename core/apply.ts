// One event folded into a card's state. `fold(apply)` over the log is the state: live and on load, the same code.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Decision } from '../contracts/decision.ts';
import type { Id } from '../contracts/ids.ts';
import {
  type Authorization,
  afterApproval,
  afterExpiry,
  afterMessage,
  afterVoid,
  joined,
  newAuthorization,
  toldAtMs,
} from './authorization.ts';
import { type CardState, lifeKey, removeAuthorization, setAuthorization, setProfile } from './card-state.ts';
import type { KnownLife } from './counter.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';
import { subjectAt, subjectOf } from './subject.ts';

export interface LoggedEvent {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: CardEventBody;
}

/**
 * The key under which a message without an authorization (force post, unlinked refund) lives: its own, behind a space, which
 * no network's key has, so that nothing a network names can meet it.
 */
export function authorizationKeyOf(message: CardMessage): string {
  return message.authorization_key ?? `message ${message.message_key}`;
}

export function apply(state: CardState, { sequence, at_ms, body }: LoggedEvent): void {
  switch (body.kind) {
    case 'authorization': {
      const { request, decision } = body;
      state.answered.set(request.request_key, sequence);
      const { key, life } = takeLife(state, request.authorization_key, request.alias_key, body.authorization_id, at_ms);
      setAuthorization(state, key, life, afterDecision(state, life, request, decision, at_ms));
      return;
    }
    case 'message': {
      const { message } = body;
      state.received.set(message.message_key, sequence);
      if (body.anomaly !== undefined) return;
      const named = authorizationKeyOf(message);
      const { key, life } = takeLife(state, named, message.alias_key, body.authorization_id, at_ms);
      if (message.kind === 'advice' && message.request_key !== undefined) {
        const { request_key, hold_minor: approved_minor, authorization_key } = message;
        const stoodIn = { sequence, approved_minor, authorization_key, at_ms: toldAtMs(life, message, at_ms) };
        state.stoodIn.set(request_key, stoodIn);
      }
      setAuthorization(state, key, life, afterWord(state, life, message, at_ms));
      return;
    }
    case 'void': {
      state.voided.set(body.request_key, sequence);
      if (body.authorization_key === null || body.authorization_id === null) return;
      const { key, life } = takeLife(state, body.authorization_key, undefined, body.authorization_id, at_ms);
      setAuthorization(state, key, life, afterVoid(life, body, at_ms));
      return;
    }
    case 'expiry': {
      const { key, life } = takeLife(state, body.authorization_key, undefined, body.authorization_id, at_ms);
      setAuthorization(state, key, life, afterExpiry(life, at_ms));
      return;
    }
    case 'profile':
      setProfile(state, body.profile);
      return;
  }
}

/** A life after a decision. A declined request's life is kept too: what the network forces through later belongs to it. */
export function afterDecision(
  state: CardState,
  life: Authorization,
  request: AuthorizationRequest,
  decision: Decision,
  atMs: number,
): Authorization {
  if (decision.outcome === 'declined') return { ...life, touched_ms: atMs };
  const { hold_minor, approved_minor } = decision;
  const expires_at_ms = holdExpiresAtMs(state.profile, request, atMs);
  const approval = { hold_minor, approved_minor, subject: subjectOf(request), expires_at_ms };
  return afterApproval(life, request, approval, atMs);
}

/** A life after what the network says of it. */
export function afterWord(state: CardState, life: Authorization, message: CardMessage, atMs: number): Authorization {
  const merchant = 'merchant' in message ? message.merchant : null;
  const expires_at_ms = holdExpiresAtMs(state.profile, { merchant: merchant ?? life.subject?.merchant ?? null }, atMs);
  return afterMessage(life, message, { subject: subjectAt(merchant), expires_at_ms }, atMs);
}

export interface FoundLife {
  readonly key: string;
  /** As one, where two lives turn out to be the same. */
  readonly life: Authorization;
  /** The one that went into it. */
  readonly absorbed: { readonly key: string; readonly life: Authorization } | null;
}

/** What a request adds to, by any of its names; null for a new purchase. */
export function knownLife(state: CardState, named: string, alias: string | undefined): KnownLife | null {
  const key = lifeKey(state, named);
  const otherKey = alias === undefined ? key : lifeKey(state, alias);
  const one = state.authorizations.get(key);
  const other = otherKey === key ? undefined : state.authorizations.get(otherKey);
  if (one !== undefined && other !== undefined) return { life: joined(one, other), parts: [one, other] };
  const life = one ?? other;
  return life === undefined ? null : { life, parts: [life] };
}

/** The life that an event belongs to, begun by it where it is the first to name it. Only looks. */
export function findLife(
  state: CardState,
  named: string,
  alias: string | undefined,
  authorization_id: Id<'auth'>,
  atMs: number,
): FoundLife {
  const key = lifeKey(state, named);
  const life = state.authorizations.get(key);
  const otherKey = alias === undefined ? key : lifeKey(state, alias);
  const other = otherKey === key ? undefined : state.authorizations.get(otherKey);
  if (other === undefined) return { key, life: life ?? newAuthorization(authorization_id, atMs), absorbed: null };
  // A new name of what is known begins nothing that would have to be joined.
  if (life === undefined) return { key: otherKey, life: other, absorbed: null };
  return { key, life: joined(life, other), absorbed: { key: otherKey, life: other } };
}

/** The same, with the state told of a new name for it. */
function takeLife(
  state: CardState,
  named: string,
  alias: string | undefined,
  authorization_id: Id<'auth'>,
  atMs: number,
): { key: string; life: Authorization } {
  const { key, life, absorbed } = findLife(state, named, alias, authorization_id, atMs);
  if (absorbed !== null) {
    const before = state.authorizations.get(key) ?? newAuthorization(authorization_id, atMs);
    removeAuthorization(state, absorbed.key, absorbed.life);
    setAuthorization(state, key, before, life);
    for (const [other, target] of state.aliases) if (target === absorbed.key) state.aliases.set(other, key);
    state.aliases.set(absorbed.key, key);
  }
  for (const name of [named, alias]) if (name !== undefined && name !== key) state.aliases.set(name, key);
  return { key, life };
}
