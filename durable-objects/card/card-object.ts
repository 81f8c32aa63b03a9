// One card. Decides, records and answers; everything it knows is the fold of its log, everything it does is one commit.
// Holds no rules (core has them) and speaks no network's language (the worker does).
//
// What is in memory, and why losing it is harmless: `state`, `sequence` and `clock` are read back from the log.

import { DurableObject } from 'cloudflare:workers';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEvent, CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type Id, newId } from '../../contracts/ids.ts';
import { fromJsonText, type JsonText, toJsonText } from '../../contracts/json-text.ts';
import { limits } from '../../contracts/limits.ts';
import { cardKeySchema } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import { apply } from '../../core/apply.ts';
import { holdMinor } from '../../core/authorization.ts';
import { availableMinor, type CardState, newCardState } from '../../core/card-state.ts';
import { receiveMessage, receiveRequest, receiveVoid } from '../../core/receive.ts';
import { CardLog } from './card-log.ts';
import { differingField } from './differing-field.ts';
import { Outbox } from './outbox.ts';

export interface CardObjectEnv {
  readonly CARD_EVENTS: Queue;
}

export type AuthorizeAnswer =
  | { outcome: 'decided'; authorization_id: Id<'auth'>; decision: Decision }
  /** The request key was answered before, for a request that differed in this field. */
  | { outcome: 'conflict'; field: string };

export interface ReceiveAnswer {
  readonly outcome: 'stored' | 'repeated';
}

export interface PutProfileAnswer {
  readonly outcome: 'stored' | 'unchanged' | 'stale';
  /** The version in force. */
  readonly version: number;
}

export class CardObject extends DurableObject<CardObjectEnv> {
  readonly #log: CardLog;
  readonly #state: CardState = newCardState();
  #sequence = 0;
  /** The instant of the newest event: the object's clock never goes behind it. */
  #clockMs = 0;
  readonly #outbox: Outbox;

  constructor(ctx: DurableObjectState, env: CardObjectEnv) {
    super(ctx, env);
    this.#log = new CardLog(ctx.storage.sql);
    for (const row of this.#log.after(0, Number.MAX_SAFE_INTEGER)) this.#fold(row);
    this.#outbox = new Outbox({
      storage: ctx.storage,
      log: this.#log,
      send: (message) => env.CARD_EVENTS.send(message),
      cardKey: () => cardKeySchema.parse(ctx.id.name),
    });
    ctx.blockConcurrencyWhile(() => this.#outbox.restore(this.#sequence));
  }

  /** Decides a request, once: a repeat of its key gets the stored decision, whatever has changed since. */
  authorize(requestText: JsonText<AuthorizationRequest>): JsonText<AuthorizeAnswer> {
    return toJsonText(this.#answerFor(fromJsonText(requestText)));
  }

  #answerFor(request: AuthorizationRequest): AuthorizeAnswer {
    const answered = this.#answerTo(request.request_key);
    if (answered !== null) {
      const field = differingField(answered.request, request);
      if (field !== null) return { outcome: 'conflict', field };
      const { authorization_id, decision } = answered;
      // Its answer came too late once, and what it held is gone: an approval repeated now would be money without a hold.
      if (this.#state.voided.has(request.request_key))
        return { outcome: 'decided', authorization_id, decision: voided };
      return { outcome: 'decided', authorization_id, decision };
    }
    const nowMs = this.#now();
    const event = receiveRequest(this.#state, request, freshIds(), nowMs);
    this.#append(event, nowMs);
    return { outcome: 'decided', authorization_id: event.authorization_id, decision: event.decision };
  }

  /** Records what the network says happened, once. */
  receive(message: CardMessage): ReceiveAnswer {
    if (this.#state.received.has(message.message_key)) return { outcome: 'repeated' };
    const nowMs = this.#now();
    this.#append(receiveMessage(this.#state, message, freshIds(), nowMs), nowMs);
    return { outcome: 'stored' };
  }

  /** Gives up a request: what it had been approved for is released, and its key stays declined for ever. */
  void(requestKey: string): ReceiveAnswer {
    if (this.#state.voided.has(requestKey)) return { outcome: 'repeated' };
    const nowMs = this.#now();
    this.#append(receiveVoid(this.#state, requestKey, this.#answerTo(requestKey), freshIds(), nowMs), nowMs);
    return { outcome: 'stored' };
  }

  putProfile(profile: Profile): PutProfileAnswer {
    const inForce = this.#state.profile;
    if (inForce !== null && profile.version <= inForce.version)
      // The same version with another content is a caller's mistake, and as little in force as an older one.
      return { outcome: differingField(inForce, profile) === null ? 'unchanged' : 'stale', version: inForce.version };
    this.#append({ kind: 'profile', event_id: newId('evt'), profile }, this.#now());
    return { outcome: 'stored', version: profile.version };
  }

  /** The card as it stands, for people and checks. */
  read() {
    const open = [...this.#state.authorizations.values()].filter((authorization) => holdMinor(authorization) > 0);
    return {
      profile: this.#state.profile,
      held_minor: this.#state.held_minor,
      posted_minor: this.#state.posted_minor,
      available_minor: availableMinor(this.#state),
      open_authorizations: open.length,
      last_sequence: this.#sequence,
      published_sequence: this.#outbox.publishedSequence,
    };
  }

  /** Events above `after` in order, a page of them, for whoever found a gap. */
  eventsAfter(after: number): { events: CardEvent[]; last_sequence: number } {
    const events = Array.from(this.#log.after(after, limits.eventsPageMax), ({ sequence, at_ms, body }) => ({
      sequence,
      at_ms,
      ...body,
    }));
    return { events, last_sequence: this.#sequence };
  }

  override alarm(): Promise<void> {
    return this.#outbox.alarm();
  }

  /** The event that answered a request key, read back from the log. */
  #answerTo(requestKey: string): Extract<CardEventBody, { kind: 'authorization' }> | null {
    const sequence = this.#state.answered.get(requestKey);
    if (sequence === undefined) return null;
    const { body } = this.#log.at(sequence);
    if (body.kind !== 'authorization') throw new Error(`event ${sequence} should hold the answer to a request`);
    return body;
  }

  /**
   * The one write: row and alarm in one commit, and the reply is held back until it is durable. The row comes last of what
   * may throw, so that a failure leaves none, and it is one statement, which needs no transaction of its own around it.
   */
  #append(body: CardEventBody, nowMs: number): void {
    const row = { sequence: this.#sequence + 1, at_ms: nowMs, body };
    try {
      this.#fold(row);
      this.#log.append(row, this.#outbox.publishedSequence);
    } catch (error) {
      // Memory has run ahead of the log: the object starts again from what is durable.
      this.ctx.abort(`event ${row.sequence} could not be recorded: ${String(error)}`);
      throw error;
    }
    this.#outbox.recorded(row);
  }

  #fold(row: { sequence: number; at_ms: number; body: CardEventBody }): void {
    apply(this.#state, row);
    this.#sequence = row.sequence;
    this.#clockMs = Math.max(this.#clockMs, row.at_ms);
  }

  /** Read once a call. */
  #now(): number {
    return Math.max(Date.now(), this.#clockMs);
  }
}

/** The answer to every repeat of a request that was given up. */
const voided: Decision = {
  outcome: 'declined',
  approved_minor: 0,
  reason: 'request_voided',
  control_id: null,
  available_minor: null,
  trace: [],
};

function freshIds() {
  return { event_id: newId('evt'), authorization_id: newId('auth') };
}
