// From the card's log to the queue: at least once, in order, several events in a message. A timer in memory sends; an alarm is
// there in case the object is gone by then, and is pending whenever something is unsent. So a crash repeats, never drops.
//
// What is in memory, and why losing it is harmless: the cursor is read back from the newest row, so some events may be sent
// twice; unsent rows are in the log; a timer that is lost leaves its work to the alarm.

import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { CardLog, LogRow } from './card-log.ts';
import { packMessages } from './pack-messages.ts';

export class Outbox {
  readonly #storage: DurableObjectStorage;
  readonly #log: CardLog;
  readonly #send: (message: unknown) => Promise<unknown>;
  readonly #cardKey: () => CardKey;
  /** The newest row. */
  #sequence = 0;
  /** Events up to here are in the queue. */
  #publishedSequence = 0;
  /** Rows above the cursor, as far as they are in memory: reading each back would cost as much as sending it. */
  #unsent: LogRow[] = [];
  #alarmPending = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #publishing: Promise<void> | null = null;
  #publishedAtMs = 0;
  #retryMs: number = limits.publishRetryMsMin;

  constructor(parts: {
    storage: DurableObjectStorage;
    log: CardLog;
    send: (message: unknown) => Promise<unknown>;
    cardKey: () => CardKey;
  }) {
    this.#storage = parts.storage;
    this.#log = parts.log;
    this.#send = parts.send;
    this.#cardKey = parts.cardKey;
  }

  get publishedSequence(): number {
    return this.#publishedSequence;
  }

  /** Takes up where the object left, before anything is recorded. */
  async restore(sequence: number): Promise<void> {
    this.#sequence = sequence;
    this.#publishedSequence = this.#log.publishedSequence();
    this.#alarmPending = (await this.#storage.getAlarm()) !== null;
    // An alarm is pending whenever something is unsent: none pending proves that all was sent.
    if (!this.#alarmPending) this.#publishedSequence = sequence;
    else if (this.#publishedSequence < sequence) this.#startTimer();
  }

  /** A row was written: it will be sent, whatever happens. Its alarm belongs to the same commit as the row. */
  recorded(row: LogRow): void {
    this.#sequence = row.sequence;
    if (this.#unsent.length < limits.unsentInMemoryMax) this.#unsent.push(row);
    this.#startTimer();
    if (!this.#alarmPending) this.#setAlarm(this.#isBusy() ? limits.publishAlarmBusyMs : limits.publishAlarmMs);
  }

  /** The promise behind the timer: publishes what is unsent, and never throws. */
  async alarm(): Promise<void> {
    // Neither pending at the start nor set since, so it is the one that woke the object, and was already taken from the storage
    // when `restore` asked. Then its absence proved nothing: what is unsent starts behind the cursor of the newest row.
    if (!this.#alarmPending) this.#publishedSequence = this.#log.publishedSequence();
    this.#alarmPending = false;
    await this.#publish();
  }

  /** Sent within the last interval: then what comes now waits for the next message, and shares it. */
  #isBusy(): boolean {
    return Date.now() - this.#publishedAtMs < limits.publishIntervalMs;
  }

  #startTimer(): void {
    if (this.#timer !== null) return;
    const delayMs = this.#isBusy() ? limits.publishIntervalMs : limits.publishDelayMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#publish();
    }, delayMs);
  }

  /**
   * Neither moved nor taken back when all was sent: that would be a write, and an alarm that finds nothing to send is none.
   * Not awaited: the output gate holds the reply until row and alarm are durable.
   */
  #setAlarm(delayMs: number): void {
    this.#alarmPending = true;
    void this.#storage.setAlarm(Date.now() + delayMs);
  }

  /** Sends what is unsent, at least once; where it could not, the alarm tries again. One sender at a time, others wait for it. */
  #publish(): Promise<void> {
    // What the timer was to send goes now.
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#publishing ??= this.#sendUnsent()
      .then(
        () => {
          this.#retryMs = limits.publishRetryMsMin;
        },
        (error: unknown) => {
          console.error(JSON.stringify({ level: 'error', event: 'card_events_not_published', error: String(error) }));
          this.#setAlarm(this.#retryMs);
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
        this.#publishedAtMs = Date.now();
        this.#unsent = this.#unsent.filter(({ sequence }) => sequence > this.#publishedSequence);
      }
    }
  }

  #nextRows(): LogRow[] {
    const inMemory = this.#unsent[0]?.sequence === this.#publishedSequence + 1;
    if (inMemory) return this.#unsent.slice(0, limits.eventsPerMessageMax);
    return [...this.#log.after(this.#publishedSequence, limits.eventsPerMessageMax)];
  }
}
