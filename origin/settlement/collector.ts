// Gathers what comes one by one into batches: a batch goes when it is full, or a few milliseconds after its first item. What
// waits here is only in memory; each item's giver waits for its commit.

export interface CollectorOptions<T> {
  readonly sizeMax: number;
  readonly waitMsMax: number;
  readonly store: (items: readonly T[]) => Promise<void>;
}

interface Waiting<T> {
  readonly item: T;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Collector<T> {
  readonly #options: CollectorOptions<T>;
  #waiting: Waiting<T>[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: CollectorOptions<T>) {
    this.#options = options;
  }

  /** Returns when it is stored; throws where it could not be, alone. */
  add(item: T): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      if (this.#waiting.length >= this.#options.sizeMax) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), this.#options.waitMsMax);
    });
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#waiting;
    this.#waiting = [];
    void this.#store(batch);
  }

  async #store(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      await this.#options.store(batch.map(({ item }) => item));
      for (const { done } of batch) done();
    } catch (error) {
      // One of them may be at fault: each alone, so that it stands in nobody's way.
      if (batch.length > 1) for (const one of batch) await this.#store([one]);
      else for (const { failed } of batch) failed(error);
    }
  }
}
