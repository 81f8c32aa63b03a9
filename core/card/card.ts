// One card's turn of events: answer what was answered before, decide what is new, record it, fold it in. The card object and
// the simulator both run this; what a row is written to, and what surrounds the write, is theirs.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import { assert } from '../assert.ts';
import { differingField } from '../differing-field.ts';
import { answerInPlaceTo, standingAnswer, toTakeBack } from './answers.ts';
import { apply } from './apply.ts';
import { approvalRecordedIn } from './approvals.ts';
import { idsFor } from './asked-names.ts';
import { type CardState, heldInAll, newCardState, postedInAll } from './card-state.ts';
import { decide } from './decide.ts';
import { holdsDue, receiveExpiry } from './expiry.ts';
import { type Found, find, findKnown, type Ids, type Named } from './found.ts';
import { tellingWithheld, withheldMinor } from './funds.ts';
import type { Hearing } from './hearing.ts';
import { nextExpiryMs } from './hold-expiry.ts';
import { isAnswerInPlace } from './in-place.ts';
import type { Body, LoggedEvent } from './logged-event.ts';
import { namedBy, receiveMessage } from './message.ts';
import { contentOf } from './message-content.ts';
import { type PutProfileAnswer, receiveProfile } from './profile.ts';
import { receiveRelease } from './release.ts';
import { receiveRequest } from './request.ts';
import { type Forgotten, forget } from './retention.ts';
import { followBooks } from './rows-of-old.ts';
import { type Snapshot, snapshotOf, stateFrom } from './snapshot.ts';
import { receiveVoid } from './void.ts';
import { receiveVoidInPlace } from './void-in-place.ts';

export type { PutProfileAnswer } from './profile.ts';

export type AuthorizeAnswer =
  | { outcome: 'decided'; authorization_id: Id<'auth'>; decision: Decision }
  /** The request key was answered before, for a request that differed in this field. */
  | { outcome: 'conflict'; field: string };

export type ReceiveAnswer =
  /** The authorization that the message belongs to, which it may have begun. */
  | { outcome: 'stored' | 'repeated'; authorization_id: Id<'auth'> }
  /** The message key came before, with another content in this field: the first one stands. */
  | { outcome: 'conflict'; field: string };

export interface VoidAnswer {
  readonly outcome: 'stored' | 'repeated';
}

/** Fresh ids for one event; the authorization's is used only where the event begins an authorization. */
export interface FreshIds {
  readonly event_id: Id<'evt'>;
  readonly authorization_id: Id<'auth'>;
}

/** Where events are written, and read back from by their number. */
export interface CardHistory {
  /** Durable, or it throws: then what is in memory has run ahead, and the card must be loaded again. */
  readonly append: (event: LoggedEvent) => void;
  readonly at: (sequence: number) => CardEventBody;
  readonly freshIds: () => FreshIds;
}

export class Card {
  #state: CardState;
  #sequence: number;
  /** The instant of the newest event. */
  #clockMs: number;
  #clockStepsBack = 0;
  readonly #history: CardHistory;

  /** From a snapshot and the rows after it, in order. `max`: of a day's refunds of no purchase, how much it may spend. */
  constructor(history: CardHistory, snapshot: Snapshot | null, rows: Iterable<LoggedEvent>, max?: Amounts) {
    this.#history = history;
    this.#state = snapshot === null ? newCardState(max) : stateFrom(snapshot, max);
    this.#sequence = snapshot?.sequence ?? 0;
    this.#clockMs = snapshot?.at_ms ?? 0;
    for (const row of rows) this.#refold(row);
    // Folding keeps the earliest that any hold had, also of one that was cleared since.
    this.#state.next_expiry_ms = nextExpiryMs(this.#state);
  }

  /** To look at, not to change. */
  get state(): CardState {
    return this.#state;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get clockMs(): number {
    return this.#clockMs;
  }

  /**
   * The card's clock: the caller's, and not behind the newest event. Unless it is far behind it: then the newest event was
   * written by a clock that had jumped ahead, and staying with it would leave the card in the year after next.
   */
  now(clockMs: number): number {
    return this.#clockMs - clockMs > limits.clockStepBackMsMax ? clockMs : Math.max(clockMs, this.#clockMs);
  }

  /** How often that was so, since the card was loaded. */
  get clockStepsBack(): number {
    return this.#clockStepsBack;
  }

  /**
   * Decides a request, once: a repeat of its key gets the stored decision, whatever has changed since. After its deadline
   * nobody waits for the answer: the key is burnt, so that nothing is held for a purchase that did not happen; unless the
   * network has had an answer in the card's place.
   */
  authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs: number | null = null): AuthorizeAnswer {
    const { request_key } = request;
    const answered = this.#answerTo(request_key);
    if (answered !== null) {
      // When the network says it happened is no part of what was asked: a repeat may be stamped and numbered anew.
      const { occurred_at_ms, order } = answered.request;
      const field = differingField(answered.request, { ...request, occurred_at_ms, order });
      return field === null ? this.#standing(request, answered) : { outcome: 'conflict', field };
    }
    const nowMs = this.now(clockMs);
    const isLate = deadlineAtMs !== null && clockMs > deadlineAtMs;
    if (isLate && answerInPlaceTo(this.#state.answers, request) === null) this.void(request_key, clockMs);
    const { event_id, ...ids } = this.#history.freshIds();
    const found = this.#find(request, ids, nowMs);
    const event = receiveRequest(this.#state, request, found, event_id, this.#next(nowMs));
    this.#append(event, nowMs, found);
    return this.#standing(request, event);
  }

  /**
   * How much more this request needs of funds to be approved, or to be approved in a larger part, with what controls want held in addition;
   * 0: it needs no more, or is refused for other reasons. Changes nothing: what is asked for and granted after it is another turn of events.
   */
  shortfall(request: AuthorizationRequest, clockMs: number): number {
    const { answers } = this.#state;
    if (answers.byCard.has(request.request_key) || answerInPlaceTo(answers, request) !== null) return 0;
    const nowMs = this.now(clockMs);
    const found = this.#find(request, { authorization_id: 'auth_' }, nowMs);
    return decide(this.#state, request, found, nowMs).funds_short_minor;
  }

  /**
   * Records what the network says happened, once. The same key with another kind, amount, currency, key or finality is another
   * fact, for a person to judge; stamped anew or with another shop's name it is the same one.
   */
  receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const received = this.#state.received.get(message.message_key);
    if (received !== undefined) {
      const { message: first, authorization_id } = this.#messageAt(received);
      const field = differingField(contentOf(first), contentOf(message));
      return field === null ? { outcome: 'repeated', authorization_id } : { outcome: 'conflict', field };
    }
    const nowMs = this.now(clockMs);
    const answer = isAnswerInPlace(message) ? this.#answerTo(message.request_key) : null;
    const { event_id, ...ids } = this.#history.freshIds();
    const found = this.#find(namedBy(message), ids, nowMs);
    const event = receiveMessage(this.#state, message, found, event_id, this.#next(nowMs), answer);
    this.#append(event, nowMs, found);
    return { outcome: 'stored', authorization_id: event.authorization_id };
  }

  /** Records what a person has released of the refunds that are withheld, once: the card may spend it. */
  releaseRefund(release: RefundRelease, clockMs: number): ReceiveAnswer {
    const { message_key, authorization_id } = release;
    if (this.#state.received.has(message_key)) return { outcome: 'repeated', authorization_id };
    const nowMs = this.now(clockMs);
    this.#append(receiveRelease(release, this.#newEventId()), nowMs);
    return { outcome: 'stored', authorization_id };
  }

  /**
   * Gives up a request: what it had been approved for is released, by the card and in its place, and its key stays declined,
   * until somebody answers it in the card's place after that. `byNetwork`: the network says so, and not our edge.
   */
  void(requestKey: string, clockMs: number, byNetwork = false): VoidAnswer {
    const taken = toTakeBack(this.#state.answers, requestKey);
    if (taken === null) return { outcome: 'repeated' };
    const { byCard, inPlace } = taken;
    const by = byNetwork ? ({ by_network: true } as const) : {};
    const nowMs = this.now(clockMs);
    const answer = byCard === undefined ? null : this.#answerAt(byCard);
    if (inPlace === null || (answer !== null && approvalRecordedIn(answer) !== undefined)) {
      const found = findKnown(this.#state, answer?.request.authorization_key ?? null, nowMs);
      const body = receiveVoid(requestKey, answer, found, this.#newEventId(), nowMs);
      this.#append({ ...body, ...by }, nowMs, found);
    }
    if (inPlace !== null) {
      const found = findKnown(this.#state, inPlace.authorization_key, nowMs);
      const body = receiveVoidInPlace(requestKey, inPlace, found, this.#newEventId(), nowMs);
      this.#append({ ...body, ...by }, nowMs, found);
    }
    return { outcome: 'stored' };
  }

  putProfile(profile: Profile, clockMs: number): PutProfileAnswer {
    const { answer, event } = receiveProfile(this.#state, profile, () => this.#newEventId());
    if (event !== null) this.#append(event, this.now(clockMs));
    return answer;
  }

  /** For a card without events: the first one is numbered after this. */
  goOnAfter(sequence: number): void {
    assert(this.#sequence === 0, 'a card that has events counts on from them');
    this.#sequence = sequence;
  }

  /** Drops the holds that are due; when the next one is. */
  expire(clockMs: number): { expired: number; next_ms: number } {
    const nowMs = this.now(clockMs);
    const { due, next_ms } = holdsDue(this.#state, nowMs);
    for (const found of due) this.#append(receiveExpiry(found, this.#newEventId(), this.#next(nowMs)), nowMs, found);
    this.#state.next_expiry_ms = next_ms;
    return { expired: due.length, next_ms };
  }

  forget(forgotten: Omit<Forgotten, 'nowMs'>, clockMs: number): void {
    forget(this.#state, { ...forgotten, nowMs: this.now(clockMs) });
  }

  snapshot(): Snapshot {
    return snapshotOf(this.#state, this.#sequence, this.#clockMs);
  }

  /** What holds for a request that the card has answered by this event. */
  #standing(request: AuthorizationRequest, { authorization_id, decision }: Body<'authorization'>): AuthorizeAnswer {
    const standing = standingAnswer(this.#state.answers, request, decision);
    return { outcome: 'decided', authorization_id, decision: standing };
  }

  #find(named: Named, fresh: Ids, nowMs: number): Found {
    return find(this.#state, named, idsFor(this.#state, this.#history, named, fresh), nowMs);
  }

  #newEventId(): Id<'evt'> {
    return this.#history.freshIds().event_id;
  }

  /** The event of the card's own answer to a request key. */
  #answerTo(requestKey: string): Body<'authorization'> | null {
    const sequence = this.#state.answers.byCard.get(requestKey);
    return sequence === undefined ? null : this.#answerAt(sequence);
  }

  /** Read back from the log: the key of an answer is forgotten before its row. */
  #answerAt(sequence: number): Body<'authorization'> {
    const body = this.#history.at(sequence);
    if (body.kind !== 'authorization') throw new Error(`event ${sequence} should hold the answer to a request`);
    return body;
  }

  /** A message that was received, read back from the log: its key is forgotten before its row. */
  #messageAt(sequence: number): Body<'message'> {
    const body = this.#history.at(sequence);
    if (body.kind !== 'message') throw new Error(`event ${sequence} should hold a message`);
    return body;
  }

  /** The number and the instant of the event that comes next. */
  #next(nowMs: number): Hearing {
    return { sequence: this.#sequence + 1, at_ms: nowMs };
  }

  /** Folded first: what may throw comes before the one write, so that a failure leaves no row. */
  #append(body: CardEventBody, nowMs: number, found: Found | null = null): void {
    const event = { ...this.#next(nowMs), body };
    const [held, posted] = [heldInAll(this.#state), postedInAll(this.#state)];
    const withheld = withheldMinor(this.#state);
    if (nowMs < this.#clockMs) this.#clockStepsBack++;
    this.#fold(event, found);
    const { hold_minor, posted_minor } = 'effect' in body ? body.effect : { hold_minor: 0, posted_minor: 0 };
    const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;
    assert(heldInAll(this.#state) - held === hold_minor - released, 'an event says what it did to what is held');
    assert(postedInAll(this.#state) - posted === posted_minor, 'an event says what it did to what is posted');
    this.#history.append({ ...event, body: tellingWithheld(body, withheld, withheldMinor(this.#state)) });
  }

  /** A row of the log. Where the rules have changed since it was written, what it says it did to the sums holds. */
  #refold(event: LoggedEvent): void {
    const before = heldInAll(this.#state);
    this.#fold(event);
    followBooks(this.#state, event, before);
  }

  #fold(event: LoggedEvent, found: Found | null = null): void {
    apply(this.#state, event, found);
    this.#sequence = event.sequence;
    this.#clockMs = event.at_ms;
  }
}
