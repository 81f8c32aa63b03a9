// One card's outbox over a log, an alarm and a queue in memory, for tests: it is loaded anew as often as a test says.

import type { CardEventsMessage } from '../../contracts/card-event.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { profile } from '../../core/testing/samples.ts';
import { type CardOutbox, streamOf } from '../card/card-outbox.ts';
import { Agenda } from '../log/agenda.ts';
import { Outbox } from '../log/outbox.ts';

/** What one card's queue does with the next messages. `taken and forgotten`: the queue has it, and nobody is told. */
export type QueueMode = 'take' | 'refuse' | 'take late' | 'taken and forgotten';

/**
 * A log, an alarm and a queue that outlive the outbox; the outbox is made anew by `reload`, as an object is. Time passes by
 * `pass` alone, and with it the timer.
 */
export class OutboxHarness {
  readonly rows: (LoggedEvent & { published: number })[] = [];
  readonly messages: CardEventsMessage[] = [];
  mode: QueueMode = 'take';
  brokenBy: string | null = null;
  #nowMs = Date.UTC(2100, 0, 1) + 1;
  #alarmAtMs: number | null = null;
  /** Of the alarm whose handler is at work: the platform fires it again where the process dies in it. */
  #firingAtMs: number | null = null;
  #timer: { atMs: number; run: () => void } | null = null;
  #late: (() => void)[] = [];
  outbox!: CardOutbox;
  #agenda!: Agenda;

  async reload(): Promise<void> {
    this.#timer = null;
    this.#late = [];
    this.#alarmAtMs ??= this.#firingAtMs;
    this.#firingAtMs = null;
    this.#agenda = new Agenda({
      getAlarm: () => Promise.resolve(this.#alarmAtMs),
      setAlarm: (atMs) => {
        this.#alarmAtMs = Number(atMs);
        return Promise.resolve();
      },
    });
    await this.#agenda.restore();
    const agenda = this.#agenda;
    const startTimer = (delayMs: number, run: () => void) => {
      const timer = { atMs: this.#nowMs + delayMs, run };
      this.#timer = timer;
      return () => {
        if (this.#timer === timer) this.#timer = null;
      };
    };
    this.outbox = new Outbox<LoggedEvent, CardEventsMessage>({
      agenda,
      log: {
        after: (sequence, limit) =>
          this.rows
            .filter((row) => row.sequence > sequence)
            .slice(0, limit)
            [Symbol.iterator](),
        oldest: () => this.rows[0] ?? null,
        publishedSequence: () => this.rows.at(-1)?.published ?? 0,
        noteSent: (sequence) => {
          const last = this.rows.at(-1);
          if (last?.sequence !== sequence) throw new Error(`row ${sequence} is not the newest`);
          last.published = sequence;
        },
      },
      // A process that is gone gets no answer any more.
      send: (message) => (this.#agenda === agenda ? this.#send(message) : new Promise(() => undefined)),
      untilDurable: () => Promise.resolve(),
      ...streamOf(() => 'native:card'),
      upkeepAtMs: () => this.#nowMs + 3_600_000,
      startAgain: (reason) => {
        this.brokenBy = reason;
      },
      timing: { nowMs: () => this.#nowMs, startTimer },
    });
    this.outbox.restore(this.rows.length);
  }

  #send(message: CardEventsMessage): Promise<unknown> {
    if (this.mode === 'refuse') return Promise.reject(new Error('the queue is away'));
    this.messages.push(structuredClone(message));
    if (this.mode === 'take') return Promise.resolve();
    return new Promise<void>((resolve) => {
      if (this.mode === 'take late') this.#late.push(resolve);
    });
  }

  append(count: number): void {
    for (let left = count; left > 0; left--) {
      const sequence = this.rows.length + 1;
      const body = { kind: 'profile', event_id: `evt_${'0'.repeat(26)}`, profile: profile() } as const;
      const row = { sequence, at_ms: this.#nowMs, body };
      this.rows.push({ ...row, published: this.outbox.publishedSequence });
      this.outbox.recorded(row);
    }
  }

  /** Lets time pass, and runs the timer where it is due. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    const timer = this.#timer;
    if (timer !== null && timer.atMs <= this.#nowMs) {
      this.#timer = null;
      timer.run();
    }
    await this.settle();
  }

  /** What was taken late is told now: then one more message goes out, if there is one. */
  async settle(): Promise<void> {
    for (const tell of this.#late.splice(0)) tell();
    for (let turn = 0; turn < 500; turn++) await Promise.resolve();
  }

  /** As the object's alarm: not awaited where a message hangs. */
  async alarm(): Promise<void> {
    if (this.#alarmAtMs === null) return;
    this.#nowMs = Math.max(this.#nowMs, this.#alarmAtMs);
    const scheduledTime = this.#alarmAtMs;
    this.#alarmAtMs = null;
    this.#firingAtMs = scheduledTime;
    const agenda = this.#agenda;
    this.#agenda.fired({ scheduledTime });
    void this.outbox.publish().then(() => {
      if (agenda !== this.#agenda) return;
      this.#firingAtMs = null;
      if (!this.outbox.isAllSent) this.outbox.promise();
      else {
        this.outbox.rest();
        this.#agenda.promiseUpkeep(this.#nowMs + 3_600_000);
      }
    });
    await this.settle();
  }

  get delivered(): Set<number> {
    return new Set(this.messages.flatMap(({ events }) => events.map(({ sequence }) => sequence)));
  }
}

export async function newHarness(): Promise<OutboxHarness> {
  const harness = new OutboxHarness();
  await harness.reload();
  return harness;
}
