// From an object's log to the queue: at least once, in order, several events in a message. A timer in memory sends, moments after the event;
// an alarm is pending whenever something is unsent, in case the object is gone by then. On a resting card that is the alarm of its upkeep,
// which is there anyway: whatever loads the object (that alarm, the next purchase, the origin's sweep) sends what is unsent. A busy
// card has an alarm of its own, within the hour, until it rests again. So a crash repeats, never drops.
//
// Each message begins with the event after the cursor and has no gap. That is asserted before the queue sees it: a gap would be
// a row that nobody ever sends, so the object starts again from what is durable instead.
//
// What is in memory, and why losing it is harmless: the cursor is read back from the newest row, so some events may be sent
// twice; unsent rows are in the log; a timer that is lost leaves its work to the alarm; an event whose traces or time are lost is booked alike.

import { hashOf } from '../../contracts/hash-of.ts';
import { limits } from '../../contracts/limits.ts';
import type { Agenda } from './agenda.ts';
import type { Beside } from './pack-messages.ts';
import { type Timing, timing } from './timing.ts';

interface Numbered {
  readonly sequence: number;
}

/** What a message is as far as the outbox knows: events in order. */
interface Numbers {
  readonly events: readonly Numbered[];
}

/** What the outbox reads of the log; `EventLog` is one. */
export interface UnsentRows<Row> {
  /** The oldest row still there; null for an empty log. */
  oldest(): Numbered | null;
  /** The outbox's cursor as the newest row, which has this number, knows it; 0 without rows. */
  publishedSequence(newest: number): number;
  /** Writes the cursor into the newest row, which has this number: all is sent. */
  noteSent(sequence: number): void;
  /** Rows above a sequence, in order; `limit` of them at most. */
  after(sequence: number, limit: number): Iterable<Row>;
}

export interface OutboxParts<Row, Message> {
  readonly agenda: Agenda;
  readonly log: UnsentRows<Row>;
  /** Takes a message whose rows are all durable: `untilDurable` was waited for. */
  readonly send: (message: Message) => Promise<unknown>;
  readonly untilDurable: () => Promise<unknown>;
  /** The stream's name. */
  readonly stream: () => string;
  /** Rows as messages of the stream, in order, each within the queue's size. */
  readonly pack: (rows: readonly Row[], beside: Beside) => Message[];
  /** When the card's upkeep is due, once it rests; null where the alarm that is pending has more to do than to send. */
  readonly upkeepAtMs: () => number | null;
  /** Called when memory contradicts the log: whoever owns the outbox loads everything again from what is durable. */
  readonly startAgain: (reason: string) => void;
  readonly timing?: Timing;
}

/** Rows that do not follow the cursor one by one. */
class Gap extends Error {}

export class Outbox<Row extends Numbered, Message extends Numbers> {
  readonly #agenda: Agenda;
  readonly #log: UnsentRows<Row>;
  readonly #send: OutboxParts<Row, Message>['send'];
  readonly #untilDurable: () => Promise<unknown>;
  readonly #stream: () => string;
  readonly #pack: OutboxParts<Row, Message>['pack'];
  readonly #upkeepAtMs: () => number | null;
  readonly #startAgain: (reason: string) => void;
  readonly #timing: Timing;
  /** The newest row. */
  #sequence = 0;
  /** The cursor as the newest row has it. */
  #notedSequence = 0;
  /** Events up to here are in the queue. */
  #publishedSequence = 0;
  /**
   * Some of the rows above the cursor: one run without a gap, which may begin later than the cursor + 1 and end before the
   * newest row. What is not here is read from the log, which costs as much as sending it.
   */
  #unsent: Row[] = [];
  /** Of events that are not sent yet. */
  readonly #beside: Beside = { traces: new Map(), answered_ms: new Map() };
  /** The timer that was started last waits for more events, not just a moment. */
  #gathers = false;
  /** Ends the timer that waits, if one does. */
  #stopTimer: (() => void) | null = null;
  #publishing: Promise<void> | null = null;
  /** The newest row when the sending was last asked for. */
  #until = 0;
  #publishedAtMs = 0;
  /** When the newest row was written, as far as this object wrote it. */
  #recordedAtMs = 0;
  /** How long a busy card gathers events for its next message. */
  #intervalMs: number = limits.publishIntervalMs;
  /** Of an alarm's length, another for each card: a thousand cards that begin in one second do not go on in step. */
  #share: number | null = null;
  #retryMs: number = limits.publishRetryMsMin;

  constructor(parts: OutboxParts<Row, Message>) {
    this.#agenda = parts.agenda;
    this.#log = parts.log;
    this.#send = parts.send;
    this.#untilDurable = parts.untilDurable;
    this.#stream = parts.stream;
    this.#pack = parts.pack;
    this.#upkeepAtMs = parts.upkeepAtMs;
    this.#startAgain = parts.startAgain;
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
    return sinceMs >= 0 && sinceMs < this.#intervalMs;
  }

  /** Takes up where the object left, before anything is recorded. */
  restore(sequence: number): void {
    this.#sequence = sequence;
    this.#notedSequence = this.#log.publishedSequence(sequence);
    this.#publishedSequence = this.#notedSequence;
    if (this.isAllSent) return;
    // What is no longer in the log was sent before it went.
    const firstSequence = this.#log.oldest()?.sequence ?? sequence + 1;
    this.#publishedSequence = Math.max(this.#notedSequence, firstSequence - 1);
    if (!this.isAllSent) this.#startTimer();
  }

  /** A row was written: it will be sent, whatever happens. An alarm that it needs belongs to the same commit as the row. */
  recorded(row: Row): void {
    if (row.sequence !== this.#sequence + 1)
      throw new Gap(`event ${row.sequence} was recorded after event ${this.#sequence}`);
    this.#sequence = row.sequence;
    this.#recordedAtMs = this.#timing.nowMs();
    const last = this.#unsent.at(-1);
    // After a row that found no room here the next ones have none either, until all that is here is sent: no gap can come about.
    const follows = last === undefined || last.sequence + 1 === row.sequence;
    if (follows && this.#unsent.length < limits.unsentInMemoryMax) this.#unsent.push(row);
    // As it was written with the row.
    this.#notedSequence = this.#publishedSequence;
    if (this.#isMessageFull && this.#publishing === null) void this.publish();
    else this.#startTimer();
    if (this.isBusy || this.#agenda.pending !== 'upkeep') this.promise();
  }

  get #isMessageFull(): boolean {
    return this.#sequence - this.#publishedSequence >= limits.eventsPerMessageMax;
  }

  /**
   * The card rests: the newest row says that all was sent, so that a load need not send it again. The alarm that stood behind the sending becomes
   * one of upkeep in the same commit: it would only wake the object to find nothing.
   */
  rest(): void {
    if (!this.isAllSent || this.#notedSequence === this.#sequence) return;
    this.#log.noteSent(this.#sequence);
    this.#notedSequence = this.#sequence;
    const upkeepAtMs = this.#agenda.pending === 'sending' ? this.#upkeepAtMs() : null;
    if (upkeepAtMs !== null) this.#agenda.promiseUpkeep(upkeepAtMs);
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
   * An alarm within `withinMs`, or somewhat sooner. Neither moved nor taken back when all was sent: that would be a write, and an alarm that finds nothing to send is none. One
   * that is later than we ever ask for was set by a clock that ran ahead: it is brought forward.
   */
  promise(withinMs: number = limits.publishAlarmBusyMs): void {
    const nowMs = this.#timing.nowMs();
    if (this.#agenda.isPendingBy(nowMs + withinMs)) return;
    this.#share ??= 0.5 + hashOf(this.#stream()) / 2 ** 33;
    this.#agenda.promiseSending(nowMs + Math.floor(this.isBusy ? withinMs * this.#share : limits.publishAlarmMs));
  }

  #startTimer(): void {
    if (this.#stopTimer !== null) return;
    const sinceMs = this.#timing.nowMs() - this.#publishedAtMs;
    this.#gathers = this.isBusy;
    const delayMs = this.#gathers ? this.#intervalMs - sinceMs : limits.publishDelayMs;
    this.#stopTimer = this.#timing.startTimer(delayMs, () => {
      this.#stopTimer = null;
      void this.publish();
    });
  }

  /**
   * Sends what is unsent now, at least once, and never throws: where it could not, the alarm tries again. One sender at a time,
   * others wait for it, and it sends theirs too.
   */
  publish(): Promise<void> {
    this.#until = this.#sequence;
    // What the timer was to send goes now.
    this.#stopTimer?.();
    this.#stopTimer = null;
    this.#publishing ??= this.#sendUnsent()
      .then(
        () => {
          this.#retryMs = limits.publishRetryMsMin;
          if (!this.isAllSent) this.#startTimer();
        },
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        this.#publishing = null;
      });
    return this.#publishing;
  }

  async #failed(error: unknown): Promise<void> {
    const [level, event] = ['error', 'card_events_not_published'];
    console.error(
      JSON.stringify({ level, event, unsent: this.#sequence - this.#publishedSequence, error: String(error) }),
    );
    this.#agenda.promiseSending(this.#timing.nowMs() + this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, limits.publishRetryMsMax);
    if (!(error instanceof Gap)) return;
    // Not before the alarm is durable, which is what brings the object back.
    await this.#untilDurable();
    this.#startAgain(error.message);
  }

  /** What comes while this is on its way waits for a message of its own, unless it fills one: a busy card's messages stay few. */
  async #sendUnsent(): Promise<void> {
    if (this.isAllSent) return;
    const isQuiet = !this.#gathers && !this.isBusy;
    const before = { sequence: this.#publishedSequence, atMs: this.#publishedAtMs };
    while (this.#publishedSequence < this.#until || this.#isMessageFull) {
      await this.#untilDurable();
      for (const message of this.#pack(this.#nextRows(), this.#beside)) {
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
    // Without an event in the last three quarters of its interval a busy card rests again, most likely.
    const isAtRest = isQuiet || this.#publishedAtMs - this.#recordedAtMs >= this.#intervalMs * 0.75;
    const [sinceMs, events] = [this.#publishedAtMs - before.atMs, this.#publishedSequence - before.sequence];
    this.#intervalMs = isAtRest
      ? limits.publishIntervalMs
      : Math.min(intervalFor(sinceMs, events), 2 * this.#intervalMs);
    if (isAtRest) this.rest();
  }

  /** The rows after the cursor, as many as a message takes; at least one. */
  #nextRows(): Row[] {
    const inMemory = this.#unsent[0]?.sequence === this.#publishedSequence + 1;
    if (inMemory) return this.#unsent.slice(0, limits.eventsPerMessageMax);
    const rows = [...this.#log.after(this.#publishedSequence, limits.eventsPerMessageMax)];
    if (rows.length === 0) throw new Gap(`the log ends before event ${this.#sequence}`);
    return rows;
  }
}

/** How long to gather where so many events came in the last while: 10 s for one a second. Where it was one, nothing was gained by waiting. */
function intervalFor(sinceMs: number, events: number): number {
  if (events === 1) return limits.publishIntervalMs;
  const wantedMs = Math.round((sinceMs / events) * limits.eventsPerMessageMin);
  return Math.min(Math.max(wantedMs, limits.publishIntervalMs), limits.publishIntervalMsMax);
}

/** The message's last sequence; throws where the message is not what follows the cursor, one by one. */
function assertFollows({ events }: Numbers, cursor: number): number {
  for (const [index, { sequence }] of events.entries())
    if (sequence !== cursor + 1 + index)
      throw new Gap(`event ${sequence} stands where event ${cursor + 1 + index} should be sent`);
  return cursor + events.length;
}
