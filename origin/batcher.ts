// One rule for everything that gathers what comes one by one and writes it together. A batch goes when it is full, or a moment after
// its first item; the busier it is, the larger batches grow. What the database refuses is halved until the one at fault is alone;
// what only failed is told to all at once. Where batches do not come back, nobody waits behind them, and what waits is bounded.
// What waits here is only in memory: each giver waits for its own commit, and nobody else has been told of it.

import { DatabaseAwayError } from './db/away.ts';
import { takeOrSetAside } from './set-aside.ts';

export interface BatcherOptions<T> {
  readonly sizeMax: number;
  /** For the first item of a batch that is not full; 0: until this turn of the event loop is over. */
  readonly waitMsMax: number;
  /** Batches under way at once. */
  readonly underWayMax: number;
  /** All of them or none: throws where nothing of it was done. */
  readonly store: (items: readonly T[]) => Promise<void>;
  /** One that was refused when it was alone: by default its giver hears why. Throws where it could not be put away. */
  readonly setAside?: (item: T, error: unknown) => Promise<void>;
  /** What an item counts in a batch and in the waiting list; 1 by default. */
  readonly sizeOf?: (item: T) => number;
  /** Items beyond it are refused at once. */
  readonly waitingMax?: number;
  /** A batch that takes longer tells its givers so; what becomes of it is seen when they come again. */
  readonly answerMsMax?: number;
}

const waitingMaxDefault = 20_000;
/** With the second that a commit may have taken before it, whoever waits for an answer has it within 6 s. */
const answerMsMaxDefault = 5_000;

interface Waiting<T> {
  readonly item: T;
  readonly size: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Batcher<T> {
  readonly #options: BatcherOptions<T>;
  #waiting: Waiting<T>[] = [];
  #sizeWaiting = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #underWay = 0;
  /** Of those under way, the ones that have not come back in time. */
  #overdue = 0;
  #onIdle: (() => void) | null = null;

  constructor(options: BatcherOptions<T>) {
    this.#options = options;
  }

  /** Returns when it is stored or set aside; throws where it could not be. */
  add(item: T): Promise<void> {
    const { sizeOf, waitingMax = waitingMaxDefault, underWayMax } = this.#options;
    const size = sizeOf?.(item) ?? 1;
    if (this.#overdue >= underWayMax) return Promise.reject(noAnswer());
    if (this.#sizeWaiting + size > waitingMax)
      return Promise.reject(new DatabaseAwayError('too much waits for the database already'));
    this.#sizeWaiting += size;
    return new Promise((done, failed) => {
      this.#waiting.push({ item, size, done, failed });
      this.#goWhenDue();
    });
  }

  /** Returns when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0 || this.#waiting.length > 0)
      await new Promise<void>((resolve) => {
        const before = this.#onIdle;
        this.#onIdle = () => {
          before?.();
          resolve();
        };
      });
  }

  #goWhenDue(): void {
    const { sizeMax, waitMsMax, underWayMax } = this.#options;
    // Whoever comes back takes what waits with it.
    if (this.#underWay >= underWayMax) return;
    const go = () => this.#go();
    if (waitMsMax > 0 && this.#sizeWaiting >= sizeMax) go();
    else this.#timer ??= waitMsMax > 0 ? setTimeout(go, waitMsMax) : setImmediate(go);
  }

  #go(): void {
    if (this.#timer !== null) {
      if (this.#options.waitMsMax > 0) clearTimeout(this.#timer as NodeJS.Timeout);
      else clearImmediate(this.#timer as NodeJS.Immediate);
    }
    this.#timer = null;
    while (this.#underWay < this.#options.underWayMax && this.#waiting.length > 0) {
      this.#underWay += 1;
      void this.#store(this.#nextBatch()).finally(() => {
        this.#underWay -= 1;
        // What came while every place was taken has no timer, and has waited long enough.
        if (this.#timer === null) this.#go();
        if (this.#underWay === 0 && this.#waiting.length === 0) this.#onIdle?.();
      });
    }
  }

  #nextBatch(): Waiting<T>[] {
    let size = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && size + waiting.size > this.#options.sizeMax) break;
      size += waiting.size;
      count += 1;
    }
    this.#sizeWaiting -= size;
    return this.#waiting.splice(0, count);
  }

  async #store(batch: readonly Waiting<T>[]): Promise<void> {
    const { store, setAside, answerMsMax = answerMsMaxDefault, underWayMax } = this.#options;
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#overdue += 1;
      for (const { failed } of batch) failed(noAnswer());
      // Behind batches that do not come back nobody waits.
      if (this.#overdue >= underWayMax) this.#tellWaiting(noAnswer());
    }, answerMsMax);
    try {
      await takeOrSetAside(batch, {
        take: async (part) => {
          await store(part.map(({ item }) => item));
          for (const { done } of part) done();
        },
        setAside: async ({ item, done, failed }, error) => {
          if (setAside === undefined) return failed(error);
          await setAside(item, error);
          done();
        },
      });
    } catch (error) {
      // The database is away: nobody of the rest is at fault, and each giver may try again. A promise that is settled stays so.
      for (const { failed } of batch) failed(error);
    } finally {
      clearTimeout(timer);
      if (isOverdue) this.#overdue -= 1;
    }
  }

  #tellWaiting(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sizeWaiting = 0;
    for (const { failed } of waiting) failed(error);
  }
}

function noAnswer(): DatabaseAwayError {
  return new DatabaseAwayError('the database has not answered for what was written together in time');
}
