// Gathers what comes one by one into batches: a batch goes when it is full, or a few milliseconds after its first item; where only
// so many may be under way at once, when one of them is done. What waits here is only in memory; each item's giver waits for its
// commit.

import { takeOrSetAside } from '../set-aside.ts';

export interface CollectorOptions<T> {
  readonly sizeMax: number;
  readonly waitMsMax: number;
  /** Batches under way at once: the busier it is, the larger they grow by themselves. Default: any number. */
  readonly underWayMax?: number;
  readonly store: (items: readonly T[]) => Promise<void>;
}

interface Waiting<T> {
  readonly item: T;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Collector<T> {
  readonly #options: CollectorOptions<T>;
  readonly #waiting: Waiting<T>[] = [];
  #timer: NodeJS.Timeout | null = null;
  #underWay = 0;
  /** The timer has run out, and every place was taken. */
  #late = false;

  constructor(options: CollectorOptions<T>) {
    this.#options = options;
  }

  /** Returns when it is stored; throws where it could not be, alone. */
  add(item: T): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      if (this.#waiting.length >= this.#options.sizeMax) this.#flush();
      else if (!this.#late) this.#timer ??= setTimeout(() => this.#flush(), this.#options.waitMsMax);
    });
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { sizeMax, underWayMax = Number.POSITIVE_INFINITY } = this.#options;
    this.#late = this.#underWay >= underWayMax;
    if (this.#late) return;
    const batch = this.#waiting.splice(0, sizeMax);
    this.#underWay += 1;
    void this.#store(batch).finally(() => {
      this.#underWay -= 1;
      if (this.#late) this.#flush();
    });
    // More than a batch had gathered while there was no place.
    if (this.#waiting.length > 0) this.#flush();
  }

  async #store(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      // Halved where the database refuses it, until the one at fault is alone.
      await takeOrSetAside(batch, {
        take: async (part) => {
          await this.#options.store(part.map(({ item }) => item));
          for (const { done } of part) done();
        },
        setAside: async ({ failed }, error) => failed(error),
      });
    } catch (error) {
      // The database is away: nobody of the rest is at fault, and each giver may try again. A promise that is settled stays so.
      for (const { failed } of batch) failed(error);
    }
  }
}
