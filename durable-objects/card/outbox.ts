// From the card's log to the queue: at least once, in order, several events in a message. A timer in memory sends; an alarm is
// there in case the object is gone by then, and is promised (`agenda.ts`) whenever something is unsent. So a crash repeats,
// never drops.
//
// Each message begins with the event after the cursor and has no gap. That is asserted before the queue sees it: a gap would be
// a row that nobody ever sends, so the object starts again from what is durable instead.
//
// What is in memory, and why losing it is harmless: the cursor is read back from the newest row, so some events may be sent
// twice; unsent rows are in the log; a timer that is lost leaves its work to the alarm; an event whose traces or time are lost is booked alike.

import type { CardEventsMessage } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { LoggedEvent } from '../../core/apply.ts';
import type { Agenda } from './agenda.ts';
import { type Beside, packMessages } from './pack-messages.ts';
import { type Timing, timing } from './timing.ts';

/** What the outbox reads of the card's log; `CardLog` is one. */
export interface UnsentRows {
  /** The oldest row still there; null for an empty log. */
  oldest(): { readonly sequence: number } | null;
  /** The outbox's cursor as the newest row knew it. */
  publishedSequence(): number;
  /** Rows above a sequence, in order; `limit` of them at most. */
  after(sequence: number, limit: number): Iterable<LoggedEvent>;
}

export interface OutboxParts {
  readonly agenda: Agenda;
  readonly log: UnsentRows;
  readonly send: (message: CardEventsMessage) => Promise<unknown>;
  readonly cardKey: () => CardKey;
  /** Called when memory contradicts the log: whoever owns the outbox loads everything again from what is durable. */
  readonly startAgain?: (reason: string) => void;
  readonly timing?: Timing;
}

/** Rows that do not follow the cursor one by one. */
class Gap extends Error {}

export class Outbox {
  readonly #agenda: Agenda;
  readonly #log: UnsentRows;
  readonly #send: OutboxParts['send'];
  readonly #cardKey: () => CardKey;
  readonly #startAgain: (reason: string) => void;
  readonly #timing: Timing;
  /** The newest row. */
  #sequence = 0;
  /** The newest row when the object was loaded. */
  #restoredSequence = 0;
  /** Events up to here are in the queue. */
  #publishedSequence = 0;
  /**
   * Some of the rows above the cursor: one run without a gap, which may begin later than the cursor + 1 and end before the
   * newest row. What is not here is read from the log, which costs as much as sending it.
   */
  #unsent: LoggedEvent[] = [];
  /** Of events that are not sent yet. */
  readonly #beside: Beside = { traces: new Map(), answered_ms: new Map() };
  /** Ends the timer that waits, if one does. */
  #stopTimer: (() => void) | null = null;
  #publishing: Promise<void> | null = null;
  #publishedAtMs = 0;
  #retryMs: number = limits.publishRetryMsMin;

  constructor(parts: OutboxParts) {
    this.#agenda = parts.agenda;
    this.#log = parts.log;
    this.#send = parts.send;
    this.#cardKey = parts.cardKey;
    this.#startAgain = parts.startAgain ?? (() => undefined);
    this.#timing = parts.timing ?? timing;
  }

  get publishedSequence(): number {
    return this.#publishedSequence;
  }

  get isAllSent(): boolean {
    return this.#publishedSequence === this.#sequence;
  }

  /** Sent within the last interval: then what comes now waits for the next message, and shares it. */
  get isBusy(): boolean {
    const sinceMs = this.#timing.nowMs() - this.#publishedAtMs;
    // Below 0 the clock was set back since: that says nothing of how busy the card is.
    return sinceMs >= 0 && sinceMs < limits.publishIntervalMs;
  }

  /** Takes up where the object left, before anything is recorded. */
  restore(sequence: number): void {
    this.#sequence = sequence;
    this.#restoredSequence = sequence;
    // What is no longer in the log was sent before it went.
    const firstSequence = this.#log.oldest()?.sequence ?? sequence + 1;
    this.#publishedSequence = Math.max(this.#log.publishedSequence(), firstSequence - 1);
    if (this.#agenda.pending === 'upkeep') this.allWasSent();
    if (!this.isAllSent) this.#startTimer();
  }

  /** An upkeep alarm was found, or has woken the object: nothing was left unsent by the one before. */
  allWasSent(): void {
    this.#publishedSequence = Math.max(this.#publishedSequence, this.#restoredSequence);
  }

  /** A row was written: it will be sent, whatever happens. Its alarm belongs to the same commit as the row. */
  recorded(row: LoggedEvent): void {
    if (row.sequence !== this.#sequence + 1)
      throw new Gap(`event ${row.sequence} was recorded after event ${this.#sequence}`);
    this.#sequence = row.sequence;
    const last = this.#unsent.at(-1);
    // After a row that found no room here the next ones have none either, until all that is here is sent: no gap can come about.
    const follows = last === undefined || last.sequence + 1 === row.sequence;
    if (follows && this.#unsent.length < limits.unsentInMemoryMax) this.#unsent.push(row);
    this.#startTimer();
    this.promise();
  }

  /** The newest row came of these traces. */
  traced(traces: string): void {
    const all = this.#beside.traces;
    if (all.size < limits.unsentInMemoryMax) all.set(this.#sequence, traces);
  }

  /** How long the request of an event waited for its decision: goes with the event, where that is not sent yet. */
  measured(sequence: number, answeredMs: number): void {
    const all = this.#beside.answered_ms;
    if (sequence > this.#publishedSequence && all.size < limits.unsentInMemoryMax) all.set(sequence, answeredMs);
  }

  /**
   * Neither moved nor taken back when all was sent: that would be a write, and an alarm that finds nothing to send is none. One
   * that is later than we ever ask for was set by a clock that ran ahead: it is brought forward.
   */
  promise(): void {
    const nowMs = this.#timing.nowMs();
    if (this.#agenda.isSendingBy(nowMs + limits.publishAlarmBusyMs)) return;
    this.#agenda.promiseSending(nowMs + (this.isBusy ? limits.publishAlarmBusyMs : limits.publishAlarmMs));
  }

  #startTimer(): void {
    if (this.#stopTimer !== null) return;
    const delayMs = this.isBusy ? limits.publishIntervalMs : limits.publishDelayMs;
    this.#stopTimer = this.#timing.startTimer(delayMs, () => {
      this.#stopTimer = null;
      void this.publish();
    });
  }

  /**
   * Sends what is unsent, at least once, and never throws: where it could not, the alarm tries again. One sender at a time,
   * others wait for it.
   */
  publish(): Promise<void> {
    // What the timer was to send goes now.
    this.#stopTimer?.();
    this.#stopTimer = null;
    this.#publishing ??= this.#sendUnsent()
      .then(
        () => {
          this.#retryMs = limits.publishRetryMsMin;
        },
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        this.#publishing = null;
      });
    return this.#publishing;
  }

  #failed(error: unknown): void {
    const [level, event] = ['error', 'card_events_not_published'];
    console.error(
      JSON.stringify({ level, event, unsent: this.#sequence - this.#publishedSequence, error: String(error) }),
    );
    this.#agenda.promiseSending(this.#timing.nowMs() + this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, limits.publishRetryMsMax);
    if (error instanceof Gap) this.#startAgain(error.message);
  }

  async #sendUnsent(): Promise<void> {
    while (this.#publishedSequence < this.#sequence) {
      for (const message of packMessages(this.#cardKey(), this.#nextRows(), this.#beside)) {
        const lastSequence = assertFollows(message, this.#publishedSequence);
        await this.#send(message);
        for (const { sequence } of message.events) {
          this.#beside.traces.delete(sequence);
          this.#beside.answered_ms.delete(sequence);
        }
        this.#publishedSequence = lastSequence;
        this.#publishedAtMs = this.#timing.nowMs();
        this.#unsent = this.#unsent.filter(({ sequence }) => sequence > lastSequence);
      }
    }
  }

  /** The rows after the cursor, as many as a message takes; at least one. */
  #nextRows(): LoggedEvent[] {
    const inMemory = this.#unsent[0]?.sequence === this.#publishedSequence + 1;
    if (inMemory) return this.#unsent.slice(0, limits.eventsPerMessageMax);
    const rows = [...this.#log.after(this.#publishedSequence, limits.eventsPerMessageMax)];
    if (rows.length === 0) throw new Gap(`the log ends before event ${this.#sequence}`);
    return rows;
  }
}

/** The message's last sequence; throws where the message is not what follows the cursor, one by one. */
function assertFollows({ events }: CardEventsMessage, cursor: number): number {
  for (const [index, { sequence }] of events.entries())
    if (sequence !== cursor + 1 + index)
      throw new Gap(`event ${sequence} stands where event ${cursor + 1 + index} should be sent`);
  return cursor + events.length;
}
