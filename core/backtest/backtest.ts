// A draft of controls run over what was recorded of one card: what it would have decided, by the code that decides live.
// What did not depend on the decision stays as recorded: the requests themselves, the card's status, currency and funds.
// What did, follows the draft: a request that it declines holds nothing, and what came of it in history did not happen; one
// that it approves against history holds its amount until the hold lapses, since nobody knows what would have been cleared.
// Not known either: whether a cardholder who was declined would have gone elsewhere, or tried again with less.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Control } from '../../contracts/control.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Id } from '../../contracts/ids.ts';
import type { Profile } from '../../contracts/profile.ts';
import { apply } from '../card/apply.ts';
import { authorizationKey, newCardState } from '../card/card-state.ts';
import { find, findKnown } from '../card/found.ts';
import type { LoggedEvent } from '../card/logged-event.ts';
import { receiveRequest } from '../card/request.ts';
import { givenUpIn } from '../card/rows-of-old.ts';
import { receiveVoid } from '../card/void.ts';
import { receiveVoidInPlace } from '../card/void-in-place.ts';

export const changes = ['unchanged', 'newly_declined', 'newly_approved', 'amount_changed'] as const;

export interface Compared {
  readonly change: (typeof changes)[number];
  readonly authorization_id: Id<'auth'>;
  readonly at_ms: number;
  readonly request: AuthorizationRequest;
  readonly recorded: Decision;
  readonly draft: Decision;
}

/** What was approved of one authorization, as far as it stands: in history, and by the draft. */
interface Approved {
  recorded_minor: number;
  draft_minor: number;
  /** What the draft did not approve and has been left out of clearings and reversals. */
  left_out_minor: number;
}

/** A request as the draft answers it. */
type Asked = Extract<CardEventBody, { kind: 'authorization' }>;

const noEffect = { hold_minor: 0, posted_minor: 0 };

/** One card. Events are taken in their order, from the card's first. */
export class Backtest {
  /** As it would be if the draft had decided. */
  readonly #state = newCardState();
  readonly #controlsOf: (recorded: Profile) => readonly Control[];
  readonly #approvedBy = new Map<string, Approved>();
  readonly #answers = new Map<string, { readonly recorded: Decision; readonly asked: Asked }>();
  /** Authorizations that hold more than history approved: no recorded event drops that. */
  readonly #beyondHistory = new Set<string>();
  #nextLapseMs = Number.POSITIVE_INFINITY;

  /** `controlsOf`: the draft in place of a recorded profile's controls. */
  constructor(controlsOf: (recorded: Profile) => readonly Control[]) {
    this.#controlsOf = controlsOf;
  }

  /** A comparison for each request, null for any other event. */
  take(event: LoggedEvent): Compared | null {
    const { at_ms, body } = event;
    this.#lapse(at_ms);
    switch (body.kind) {
      case 'authorization':
        return this.#ask(event, body);
      case 'message':
        this.#hear(event, body);
        return null;
      case 'void':
        this.#void(event, body);
        return null;
      case 'expiry':
        if (!this.#wasRefused(body.authorization_id)) apply(this.#state, event);
        return null;
      case 'profile': {
        const profile = { ...body.profile, controls: [...this.#controlsOf(body.profile)] };
        apply(this.#state, { ...event, body: { ...body, profile } });
        return null;
      }
    }
  }

  #ask(event: LoggedEvent, body: Extract<CardEventBody, { kind: 'authorization' }>): Compared {
    const { request, authorization_id, decision: recorded } = body;
    const { at_ms } = event;
    const found = find(this.#state, request, body, at_ms);
    const asked = receiveRequest(this.#state, request, found, body.event_id, event);
    const draft = asked.decision;
    this.#answers.set(request.request_key, { recorded, asked });
    const approved = this.#approvedOf(body);
    approved.recorded_minor += recorded.approved_minor;
    approved.draft_minor += draft.approved_minor;
    apply(this.#state, { ...event, body: asked }, found);
    // Nobody will clear what history had not approved, and no recorded event ends it.
    if (draft.approved_minor > recorded.approved_minor) this.#watch(request.authorization_key);
    const change = changeBetween(recorded, draft);
    return { change, authorization_id, at_ms, request, recorded, draft };
  }

  #hear(event: LoggedEvent, body: Extract<CardEventBody, { kind: 'message' }>): void {
    const approved = this.#approvedOf(body);
    if (this.#wasRefused(body.authorization_id)) return;
    const message = body.anomaly === undefined ? withoutUnapproved(body.message, approved) : body.message;
    apply(this.#state, { ...event, body: { ...body, message } });
  }

  #void(event: LoggedEvent, body: Extract<CardEventBody, { kind: 'void' }>): void {
    const answer = this.#answers.get(body.request_key);
    this.#answers.delete(body.request_key);
    const approved = this.#approvedBy.get(body.authorization_id ?? '');
    if (answer !== undefined && approved !== undefined) {
      approved.recorded_minor -= answer.recorded.approved_minor;
      approved.draft_minor -= answer.asked.decision.approved_minor;
    }
    const { event_id, authorization_id, request_key } = body;
    const { at_ms } = event;
    // Its key stays declined under any draft, whatever of it was approved.
    const asked = answer?.asked ?? null;
    const own = findKnown(this.#state, asked?.request.authorization_key ?? null, at_ms);
    apply(this.#state, { ...event, body: receiveVoid(request_key, asked, own, event_id, at_ms) }, own);
    const inPlace = this.#state.answers.inPlace.get(request_key);
    if (givenUpIn(body).kind === 'void' || inPlace === undefined || this.#wasRefused(authorization_id ?? '')) return;
    const found = findKnown(this.#state, inPlace.authorization_key, at_ms);
    apply(this.#state, { ...event, body: receiveVoidInPlace(request_key, inPlace, found, event_id, at_ms) }, found);
  }

  /** History approved something of this authorization, the draft nothing: what is told of it would not have happened. */
  #wasRefused(authorizationId: string): boolean {
    const approved = this.#approvedBy.get(authorizationId);
    return approved !== undefined && approved.recorded_minor > 0 && approved.draft_minor === 0;
  }

  #approvedOf(body: Extract<CardEventBody, { kind: 'authorization' | 'message' }>): Approved {
    const { authorization_id, joined } = body;
    const approved = this.#approvedBy.get(authorization_id) ?? { recorded_minor: 0, draft_minor: 0, left_out_minor: 0 };
    this.#approvedBy.set(authorization_id, approved);
    const other = joined === undefined ? undefined : this.#approvedBy.get(joined.authorization_id);
    if (joined === undefined || other === undefined) return approved;
    this.#approvedBy.delete(joined.authorization_id);
    approved.recorded_minor += other.recorded_minor;
    approved.draft_minor += other.draft_minor;
    approved.left_out_minor += other.left_out_minor;
    return approved;
  }

  #watch(named: string): void {
    const held = this.#state.authorizations.get(authorizationKey(this.#state, named));
    if (held === undefined || held.hold_minor === 0) return;
    this.#beyondHistory.add(named);
    this.#nextLapseMs = Math.min(this.#nextLapseMs, held.expires_at_ms);
  }

  /** Drops what nobody would have cleared, at the instants at which the card would have. */
  #lapse(nowMs: number): void {
    if (nowMs < this.#nextLapseMs) return;
    this.#nextLapseMs = Number.POSITIVE_INFINITY;
    for (const authorization_key of this.#beyondHistory) {
      const held = this.#state.authorizations.get(authorizationKey(this.#state, authorization_key));
      const isHeld = held !== undefined && held.hold_minor > 0;
      if (isHeld && held.expires_at_ms > nowMs) {
        this.#nextLapseMs = Math.min(this.#nextLapseMs, held.expires_at_ms);
        continue;
      }
      this.#beyondHistory.delete(authorization_key);
      if (!isHeld) continue;
      const { authorization_id, expires_at_ms } = held;
      const body = { kind: 'expiry', event_id: 'evt_', authorization_id, authorization_key, effect: noEffect } as const;
      apply(this.#state, { sequence: 0, at_ms: expires_at_ms, body });
    }
  }
}

/**
 * Of an authorization that the draft approved in part, what was cleared or given back: less what it did not approve, which would have
 * been neither.
 */
function withoutUnapproved(message: CardMessage, approved: Approved): CardMessage {
  if (message.kind !== 'clearing' && message.kind !== 'reversal') return message;
  const unapproved = approved.recorded_minor - approved.draft_minor - approved.left_out_minor;
  if (unapproved <= 0 || message.amount_minor === null) return message;
  const leftOut = Math.min(unapproved, message.amount_minor);
  approved.left_out_minor += leftOut;
  return { ...message, amount_minor: message.amount_minor - leftOut };
}

function changeBetween(recorded: Decision, draft: Decision): Compared['change'] {
  if (recorded.outcome !== draft.outcome) return draft.outcome === 'declined' ? 'newly_declined' : 'newly_approved';
  const same = recorded.approved_minor === draft.approved_minor && recorded.hold_minor === draft.hold_minor;
  return same ? 'unchanged' : 'amount_changed';
}
