// One card. Decides, records and answers; everything it knows is the fold of its log, everything it does is one commit.
// Holds no rules (core has them) and speaks no network's language (the worker does).
//
// What is in memory, and why losing it is harmless: `card` is read back from snapshot and log; how many requests it has served
// since is a metric alone.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { fromJsonText, type JsonText, toJsonText } from '../../contracts/json-text.ts';
import { limits } from '../../contracts/limits.ts';
import { cardKeySchema } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { ControlsReadback } from '../../contracts/readback.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import type { AuthorizeAnswer, Card, PutProfileAnswer, ReceiveAnswer, VoidAnswer } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { readbackOf } from '../../core/card/readback.ts';
import { NewerRelease } from '../../core/card/stored-row.ts';
import { Agenda } from '../log/agenda.ts';
import { type EventQueues, eventQueueOf } from '../log/event-queue.ts';
import { eventOf } from '../log/pack-messages.ts';
import { ReturningObject } from '../log/returning-object.ts';
import { tablesOf } from '../log/tables-of.ts';
import type { CardLog } from './card-log.ts';
import type { CardOutbox } from './card-outbox.ts';
import { type CardParts, type CardSettings, loadCard, readable, standing, unmatchedMaxOf } from './card-parts.ts';
import { Fence } from './fence.ts';
import type { Acknowledged } from './has-event.ts';
import { notFenced, type RebuildAnswer, type RebuildPage, rebuild } from './rebuild.ts';
import { mayBeForgotten, type NotCertain, releasesNothing, Unrecorded } from './unrecorded.ts';
import type { Upkeep } from './upkeep.ts';

export type { AuthorizeAnswer, PutProfileAnswer, ReceiveAnswer } from '../../core/card/card.ts';

export interface CardObjectEnv extends CardSettings, EventQueues {}

export class CardObject extends ReturningObject<CardObjectEnv> {
  readonly #agenda: Agenda;
  readonly #unrecorded = new Unrecorded();
  #fence: Fence;
  /** What the object is made of; an error where a newer release has written what is durable: then it decides nothing and says why. */
  #parts: CardParts | NewerRelease;
  readonly #loadedAtMs = Date.now();
  #requestsSinceLoad = 0;

  constructor(ctx: DurableObjectState, env: CardObjectEnv) {
    super(ctx, env);
    this.#agenda = new Agenda(ctx.storage);
    const tables = tablesOf(ctx.storage.sql);
    this.#fence = new Fence(ctx.storage.sql, tables);
    const parts = this.#load(tables);
    this.#parts = parts;
    ctx.blockConcurrencyWhile(async () => {
      await this.#agenda.restore();
      this.#restore(parts);
      this.#agenda.bringForward(Date.now());
    });
  }

  get #log(): CardLog {
    return readable(this.#parts).log;
  }
  /** To decide by. */
  get #card(): Card {
    this.#fence.assertOpen();
    return readable(this.#parts).card;
  }
  get #outbox(): CardOutbox {
    return readable(this.#parts).outbox;
  }
  get #upkeep(): Upkeep {
    return readable(this.#parts).upkeep;
  }

  #load(tables = tablesOf(this.ctx.storage.sql)): CardParts | NewerRelease {
    const { ctx, env } = this;
    const fence = this.#fence;
    return loadCard({
      storage: ctx.storage,
      tables,
      agenda: this.#agenda,
      append: (event) => this.#append(event),
      unmatchedMax: unmatchedMaxOf(env),
      send: (message) => fence.whileOpen(() => eventQueueOf(env, message.card_key).send(message)),
      untilDurable: () => ctx.storage.sync(),
      cardKey: () => cardKeySchema.parse(ctx.id.name),
      startAgain: (reason) => ctx.abort(reason),
    });
  }

  /**
   * Decides a request, once: a repeat of its key gets the stored decision, whatever has changed since. After its deadline, an
   * instant by this machine's clock, it is declined and its key burnt: nobody waits for the answer. `traces`: what the origin links the
   * event to. `arrivedAtMs`: of a request that is measured, when it reached the edge, by the clock of the machine that took it.
   */
  authorize(
    requestText: JsonText<AuthorizationRequest>,
    deadlineAtMs?: number,
    traces?: string,
    arrivedAtMs?: number,
  ): JsonText<AuthorizeAnswer> {
    const request = fromJsonText(requestText);
    const unrecorded = this.#unrecorded.answerTo(request, this.#card.state, Date.now());
    if (unrecorded !== null) return toJsonText(unrecorded);
    const before = this.#card.sequence;
    const answer = this.#changing((nowMs) => this.#card.authorize(request, nowMs, deadlineAtMs ?? null));
    const { sequence } = this.#card;
    if (sequence > before) {
      if (traces !== undefined) this.#outbox.traced(traces);
      if (arrivedAtMs !== undefined) this.#measure(sequence, arrivedAtMs);
    }
    return toJsonText(answer);
  }

  /** The answer leaves once the event is durable, and then its time is known. */
  #measure(sequence: number, arrivedAtMs: number): void {
    this.ctx.storage.sync().then(
      () => this.#outbox.measured(sequence, Math.max(0, Date.now() - arrivedAtMs)),
      () => undefined,
    );
  }

  /** Records what the network says happened, once. `traces`: as of a request. */
  receive(message: CardMessage, traces?: string): ReceiveAnswer {
    const answer = this.#changing((nowMs) => this.#card.receive(message, nowMs));
    if (answer.outcome === 'stored' && traces !== undefined) this.#outbox.traced(traces);
    return answer;
  }

  /** Records what a person has released of withheld refunds, once: the card may spend it. */
  releaseRefund(release: RefundRelease): ReceiveAnswer {
    return this.#changing((nowMs) => this.#card.releaseRefund(release, nowMs));
  }

  /**
   * The same, but only where the card can vouch for it; otherwise nothing is recorded, and the caller decides what becomes of it. What it
   * has recorded before is a repeat all the same.
   */
  receiveIfCertain(message: CardMessage, traces?: string): ReceiveAnswer | NotCertain {
    const { state } = this.#card;
    if (!state.received.has(message.message_key)) {
      if (releasesNothing(state, message)) return { outcome: 'nothing_to_release' };
      if (state.profile === null) return { outcome: 'card_unknown' };
      if (mayBeForgotten(message, this.#card.sequence, this.#log)) return { outcome: 'older_than_memory' };
    }
    return this.receive(message, traces);
  }

  /**
   * Gives up a request: what it had been approved for is released, and its key stays declined for ever. `onlyFirst`: a key that
   * was given up before stays as it stands, though somebody has answered it in the card's place since. `byNetwork`: the network says so.
   */
  void(requestKey: string, { onlyFirst = false, byNetwork = false } = {}): VoidAnswer {
    if (onlyFirst && this.#card.state.answers.givenUp.has(requestKey)) return { outcome: 'repeated' };
    if (this.#unrecorded.takesVoid(requestKey, this.#card.state)) return { outcome: 'stored' };
    return this.#changing((nowMs) => this.#card.void(requestKey, nowMs, byNetwork));
  }

  /**
   * `after`: the newest event of this card that the origin knows. A card that has none goes on from there: its token may have been one
   * that left nothing behind, and its numbers must not come twice.
   */
  putProfile(profile: Profile, { after = 0, seen }: { after?: number; seen?: Acknowledged | undefined } = {}) {
    this.#fenceWithout(seen);
    if (this.#card.sequence === 0 && after > 0) {
      this.#card.goOnAfter(after);
      this.#outbox.restore(after);
    }
    return this.#changing((nowMs): PutProfileAnswer => this.#card.putProfile(profile, nowMs));
  }

  /** The card as it stands, for people and checks. */
  read() {
    return {
      ...standing(readable(this.#parts)),
      fenced_since_ms: this.#fence.sinceMs,
      loaded_at_ms: this.#loadedAtMs,
      /** Calls that may change the card; all but the one that loaded it were answered from memory. */
      requests_since_load: this.#requestsSinceLoad,
    };
  }

  /** What is left of each control. */
  readControls(): ControlsReadback {
    return readbackOf(this.#card, Date.now());
  }

  /**
   * Events above `after` in order, a page of them, for whoever found a gap. Those below `first_sequence` are gone: they were
   * sent, and are older than the retention. `seen`: one that whoever asks has.
   */
  eventsAfter(after: number, seen?: Acknowledged) {
    this.#fenceWithout(seen);
    const events = Array.from(this.#log.after(after, limits.eventsPageMax), eventOf);
    const { sequence } = readable(this.#parts).card;
    const first_sequence = this.#log.oldest()?.sequence ?? sequence + 1;
    return { events, first_sequence, last_sequence: sequence, is_fenced: this.#fence.isClosed || undefined };
  }

  #fenceWithout(seen: Acknowledged | undefined): void {
    const { log, card } = readable(this.#parts);
    this.#fence.closeWithout(seen, log, card.sequence);
  }

  /** Brings a fenced card's past back, a page at a time, and is loaded anew with the first and the last; of a card that is not fenced, it says so. */
  rebuild(page: RebuildPage): RebuildAnswer {
    if (!this.#fence.isClosed) return notFenced(this.#card.sequence);
    try {
      const answer = rebuild({ storage: this.ctx.storage, fence: this.#fence, max: unmatchedMaxOf(this.env) }, page);
      if (!answer.is_fenced) this.#later();
      return answer;
    } finally {
      this.#fence = new Fence(this.ctx.storage.sql);
      if (!this.#fence.isClosed || page.events.length === 0) this.#restore(this.#load());
    }
  }

  /** Does all that is due, whichever promise it keeps, and makes the next one. */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    // Kept alive for the release that can read what is here, and for the rebuild.
    if (this.#parts instanceof NewerRelease || this.#fence.isClosed) return this.#later();
    this.#agenda.fired(info);
    const nowMs = Date.now();
    const isClockDoubted = this.#agenda.isClockDoubted(nowMs);
    // The platform gives up after a few retries: what fails again and again gets an alarm that starts their count anew.
    if (info?.isRetry === true) {
      this.#later();
      await this.ctx.storage.sync();
    }
    const { isBusy } = this.#outbox;
    // First: what upkeep may run into keeps no event back.
    await this.#outbox.publish();
    if (this.#fence.isClosed) return this.#later();
    if (isClockDoubted) return this.#agenda.lookAgain();
    const isQueueThere = this.#outbox.isAllSent;
    if (isQueueThere && this.#upkeep.isNobodys(nowMs)) return await this.#forgetAll();
    this.#orStartAgain(() => this.#upkeep.run(nowMs, this.#outbox.publishedSequence));
    if (isQueueThere) await this.#outbox.publish();
    // What could not be sent, and what came meanwhile, has its promise already.
    if (!this.#outbox.isAllSent) return;
    const nextMs = this.#upkeep.nextMs(nowMs) ?? Number.POSITIVE_INFINITY;
    // A card in use will need that promise again with its next event: made now, it costs no more than one of upkeep would.
    if (isBusy && nextMs > nowMs + limits.publishAlarmBusyMs) return this.#outbox.promise();
    if (!isBusy) this.#outbox.rest();
    if (nextMs < Number.POSITIVE_INFINITY) this.#agenda.promiseUpkeep(nextMs);
  }

  #later(): void {
    this.#agenda.promiseSending(Date.now() + limits.publishRetryMsMax);
  }

  /** Nothing is left of a card that never had a profile: no row, no alarm, no file. What it had said was sent, and is booked. */
  async #forgetAll(): Promise<void> {
    // With its alarm: so since the compatibility date 2026-02-24.
    await this.ctx.storage.deleteAll();
    this.#parts = this.#load();
    await this.#agenda.restore();
    this.#restore(this.#parts);
  }

  /** What a fenced card would send has numbers that are taken. */
  #restore(parts: CardParts | NewerRelease): void {
    this.#parts = parts;
    if (!(parts instanceof NewerRelease) && !this.#fence.isClosed) parts.outbox.restore(parts.card.sequence);
  }

  /** A call that may change the card; the clock is read once. */
  #changing<T>(change: (nowMs: number) => T): T {
    this.#requestsSinceLoad++;
    const { clockStepsBack: stepsBack, sequence } = this.#card;
    const nowMs = Date.now();
    const answer = this.#orStartAgain(() => change(nowMs));
    // Of a hold that lapses before all others, or where the clock ran ahead when the alarm was set: in the commit of its event.
    if (this.#card.sequence > sequence)
      this.#agenda.promiseUpkeepBy(Math.min(this.#card.state.next_expiry_ms, nowMs + limits.retentionMs));
    if (this.#card.clockStepsBack > stepsBack)
      console.error(JSON.stringify({ level: 'error', event: 'card_clock_followed_back' }));
    return answer;
  }

  #orStartAgain<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      // Memory may have run ahead of the log: the object starts again from what is durable.
      this.ctx.abort(`a change could not be recorded, memory is at event ${this.#card.sequence}: ${String(error)}`);
      throw error;
    }
  }

  /**
   * The one write: row and alarm in one commit, and the reply is held back until it is durable. The card has folded the event
   * already, so the row comes last of what may throw, and it is one statement, which needs no transaction of its own around it.
   */
  #append(event: LoggedEvent): void {
    this.#log.append(event, this.#outbox.publishedSequence);
    this.#outbox.recorded(event);
    if (this.#upkeep.isSnapshotDue) this.#outbox.promise(limits.snapshotAlarmMs);
  }
}
