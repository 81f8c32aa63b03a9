// From the card's log to the queue: at least once, in order, several events in a message. A timer in memory sends; an alarm is
// there in case the object is gone by then, and is promised (`agenda.ts`) whenever something is unsent. So a crash repeats,
// never drops.
//
// What is in memory, and why losing it is harmless: the cursor is read back from the newest row, so some events may be sent
// twice; unsent rows are in the log; a timer that is lost leaves its work to the alarm.

import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { LoggedEvent } from '../../core/apply.ts';
import type { Agenda } from './agenda.ts';
import { packMessages } from './pack-messages.ts';
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

export class Outbox {
  readonly #agenda: Agenda;
  readonly #log: UnsentRows;
  readonly #timing: Timing;
  readonly #send: (message: unknown) => Promise<unknown>;
  readonly #cardKey: () => CardKey;
  /** The newest row. */
  #sequence = 0;
  /** The newest row when the object was loaded. */
  #restoredSequence = 0;
  /** Events up to here are in the queue. */
  #publishedSequence = 0;
  /** Rows above the cursor, as far as they are in memory: reading each back would cost as much as sending it. */
  #unsent: LoggedEvent[] = [];
  /** Ends the timer that waits, if one does. */
  #stopTimer: (() => void) | null = null;
  #publishing: Promise<void> | null = null;
  #publishedAtMs = 0;
  #retryMs: number = limits.publishRetryMsMin;

  constructor(parts: {
    agenda: Agenda;
    log: UnsentRows;
    send: (message: unknown) => Promise<unknown>;
    cardKey: () => CardKey;
    timing?: Timing;
  }) {
    this.#agenda = parts.agenda;
    this.#log = parts.log;
    this.#send = parts.send;
    this.#cardKey = parts.cardKey;
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
    return this.#timing.nowMs() - this.#publishedAtMs < limits.publishIntervalMs;
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
    this.#sequence = row.sequence;
    if (this.#unsent.length < limits.unsentInMemoryMax) this.#unsent.push(row);
    this.#startTimer();
    this.promise();
  }

  /** Neither moved nor taken back when all was sent: that would be a write, and an alarm that finds nothing to send is none. */
  promise(): void {
    if (this.#agenda.pending === 'sending') return;
    const delayMs = this.isBusy ? limits.publishAlarmBusyMs : limits.publishAlarmMs;
    this.#agenda.promiseSending(this.#timing.nowMs() + delayMs);
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
        (error: unknown) => {
          console.error(JSON.stringify({ level: 'error', event: 'card_events_not_published', error: String(error) }));
          this.#agenda.promiseSending(this.#timing.nowMs() + this.#retryMs);
          this.#retryMs = Math.min(this.#retryMs * 2, limits.publishRetryMsMax);
        },
      )
      .finally(() => {
        this.#publishing = null;
      });
    return this.#publishing;
  }

  async #sendUnsent(): Promise<void> {
    while (this.#publishedSequence < this.#sequence) {
      const rows = this.#nextRows();
      if (rows.length === 0) throw new Error(`the log ends before event ${this.#sequence}`);
      for (const message of packMessages(this.#cardKey(), rows)) {
        await this.#send(message);
        this.#publishedSequence = message.events.at(-1)?.sequence ?? this.#publishedSequence;
        this.#publishedAtMs = this.#timing.nowMs();
        this.#unsent = this.#unsent.filter(({ sequence }) => sequence > this.#publishedSequence);
      }
    }
  }

  #nextRows(): LoggedEvent[] {
    const inMemory = this.#unsent[0]?.sequence === this.#publishedSequence + 1;
    if (inMemory) return this.#unsent.slice(0, limits.eventsPerMessageMax);
    return [...this.#log.after(this.#publishedSequence, limits.eventsPerMessageMax)];
  }
}
