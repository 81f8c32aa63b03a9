// One card's object in one process after another: the card, the real outbox and the real agenda over the simulated storage, clock
// and queue. What the object itself does around them (`durable-objects/card/card-object.ts`) is done here in its place: a row,
// its outbox entry and its alarm are one commit, and the alarm sends what is unsent and makes the next promise.

import { limits } from '../../contracts/limits.ts';
import { cardKey } from '../../contracts/network.ts';
import type { Card } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { Snapshot } from '../../core/card/snapshot.ts';
import { type CardOutbox, streamOf } from '../../durable-objects/card/card-outbox.ts';
import { Agenda } from '../../durable-objects/log/agenda.ts';
import type { Draw } from './draw.ts';
import { hold } from './laws.ts';
import { unmatchedMax } from './model-refunds.ts';
import type { MakeCard, MakeOutbox } from './simulated-card.ts';
import { SimulatedQueue } from './simulated-queue.ts';
import { SimulatedTime } from './simulated-time.ts';
import { Store } from './store.ts';
import type { Tally } from './tally.ts';

/** Turns of the microtask queue without anything new, after which all that could happen has. */
const quietTurns = 8;
/** Alarms and timers after which a run that does not become quiet never will. */
const quietingMax = 300;

interface Process {
  readonly agenda: Agenda;
  readonly outbox: CardOutbox;
  readonly timing: { forget(): void };
}

export class SimulatedObject {
  readonly store: Store;
  readonly queue: SimulatedQueue;
  card: Card;
  readonly #time: SimulatedTime;
  readonly #makeCard: MakeCard;
  readonly #makeOutbox: MakeOutbox;
  readonly #cardIndex: number;
  /** Null: gone from memory, and not yet called or woken by its alarm. */
  #process: Process | null = null;
  #isAlarmRunning = false;

  constructor(parts: {
    cardIndex: number;
    draw: Draw;
    nowMs: number;
    makeCard: MakeCard;
    makeOutbox: MakeOutbox;
    tally: Tally;
  }) {
    this.#cardIndex = parts.cardIndex;
    this.#time = new SimulatedTime(parts.nowMs);
    this.#makeCard = parts.makeCard;
    this.#makeOutbox = parts.makeOutbox;
    this.store = new Store(parts.cardIndex);
    this.queue = new SimulatedQueue(parts.draw, this.#time, parts.tally);
    this.card = this.#load();
  }

  /** Rows up to here may be trimmed; nothing where the object is not in memory. */
  get publishedSequence(): number {
    return this.#process?.outbox.publishedSequence ?? 0;
  }

  get isAwake(): boolean {
    return this.#process !== null;
  }

  /** Whether `advance` would do anything. */
  isDue(nowMs: number): boolean {
    this.#time.nowMs = nowMs;
    return this.#time.nextMs <= nowMs || this.#alarmMs <= nowMs;
  }

  /** When the alarm goes off; infinity: never, or its handler is still running. */
  get #alarmMs(): number {
    return this.#isAlarmRunning ? Number.POSITIVE_INFINITY : (this.store.alarmMs ?? Number.POSITIVE_INFINITY);
  }

  /** What timers, the alarm and the queue do until that instant. */
  async advance(nowMs: number): Promise<void> {
    this.#time.nowMs = nowMs;
    let ran = this.#time.runDue();
    if (this.#alarmMs <= nowMs) {
      await this.#runAlarm(this.#alarmMs);
      ran = true;
    }
    if (ran) await this.#settle();
    if (this.queue.violation !== null) throw this.queue.violation;
  }

  /** Before a call: as the object is constructed. */
  async wake(): Promise<void> {
    if (this.#process !== null) return;
    const { store, queue } = this;
    const agenda = new Agenda(store);
    const timing = this.#time.newTiming();
    const outbox = this.#makeOutbox({
      agenda,
      log: store,
      timing,
      ...streamOf(() => cardKey('native', `card-${this.#cardIndex}`)),
      upkeepAtMs: () => this.#time.nowMs + limits.retentionMs,
      send: (message) => {
        const isAlive = () => this.#process?.outbox === outbox;
        return queue.send(message, isAlive, () => this.restart());
      },
      untilDurable: () => Promise.resolve(),
      startAgain: () => this.restart(),
    });
    await agenda.restore();
    outbox.restore(this.card.sequence);
    this.#process = { agenda, outbox, timing };
  }

  /** The process is gone, and all that was in memory with it; the card is loaded again at once, so that laws can look at it. */
  restart(): void {
    if (this.#isAlarmRunning) {
      // The platform tries a handler again that did not end.
      this.store.alarmMs ??= this.#time.nowMs;
      this.#isAlarmRunning = false;
    }
    this.#process?.timing.forget();
    this.#process = null;
    this.card = this.#load();
  }

  /** Its process is gone, and the card is loaded from these rows, from the first one on. */
  reload(rows: readonly LoggedEvent[]): void {
    this.restart();
    this.card = this.#make(null, rows);
  }

  /** Until nothing is unsent and no timer waits, with a queue that works; then every row is there. */
  async becomeQuiet(): Promise<void> {
    const { store, queue } = this;
    queue.heal();
    await this.wake();
    for (let turn = 0; turn < quietingMax; turn++) {
      const isAllThere = queue.events.length === store.archive.length;
      const nextMs = Math.min(this.#time.nextMs, isAllThere ? Number.POSITIVE_INFINITY : this.#alarmMs);
      if (nextMs === Number.POSITIVE_INFINITY) break;
      await this.advance(Math.max(this.#time.nowMs, nextMs));
    }
    hold('outbox_sends_all', 'the last event that the queue has', queue.events.length, store.archive.length);
    hold('outbox_sends_all', 'isAllSent', this.#process?.outbox.isAllSent, true);
  }

  /** An alarm is pending whenever something is unsent: the process may go at any moment. */
  holdPromise(): void {
    const { store } = this;
    const isUnsent = this.#process !== null && this.publishedSequence < store.archive.length;
    if (isUnsent && store.alarmMs === null && !this.#isAlarmRunning)
      hold('outbox_sends_all', 'the alarm while something is unsent', null, 'pending');
  }

  #load(): Card {
    const { snapshot, rows } = this.store.load();
    return this.#make(snapshot, rows);
  }

  #make(...of: [snapshot: Snapshot | null, rows: readonly LoggedEvent[]]): Card {
    const { at, freshIds } = this.store;
    return this.#makeCard({ append: this.#append, at, freshIds }, ...of, unmatchedMax);
  }

  readonly #append = (event: LoggedEvent): void => {
    if (this.#process === null) throw new Error('the object was called before it was awake');
    this.store.append(event, this.publishedSequence);
    this.#process.outbox.recorded(event);
  };

  /** The platform takes the alarm from the storage before the handler runs, and before it constructs an object for it. */
  async #runAlarm(scheduledTime: number): Promise<void> {
    this.store.alarmMs = null;
    this.#isAlarmRunning = true;
    await this.wake();
    const process = this.#process;
    if (process === null) return;
    void handleAlarm(process, scheduledTime, () => this.#time.nowMs).then(() => {
      this.queue.turns++;
      if (this.#process === process) this.#isAlarmRunning = false;
    });
  }

  async #settle(): Promise<void> {
    let seen = this.queue.turns;
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      await null;
      if (this.queue.turns === seen) continue;
      seen = this.queue.turns;
      quiet = 0;
    }
  }
}

/** As `CardObject.alarm`, without its upkeep, which the run does at moments of its own. */
async function handleAlarm({ agenda, outbox }: Process, scheduledTime: number, nowMs: () => number): Promise<void> {
  agenda.fired({ scheduledTime });
  const { isBusy } = outbox;
  await outbox.publish();
  if (!outbox.isAllSent) return;
  if (isBusy) return outbox.promise();
  outbox.rest();
  agenda.promiseUpkeep(nowMs() + limits.retentionMs);
}
