// Outboxes that are broken on purpose, each in one way: the law that every row reaches the queue must find each.

import type { LoggedEvent } from '../../core/apply.ts';
import { Outbox } from '../../durable-objects/card/outbox.ts';

/** What was unsent when the process went is taken for sent. */
class LosesRowsOnReload extends Outbox {
  override restore(sequence: number): void {
    super.restore(sequence);
    this.allWasSent();
  }
}

/** Only the timer sends: whoever goes before it has gone off leaves rows behind that nobody sends. */
class PromisesNothing extends Outbox {
  override promise(): void {}
}

/** Reads a page of the log that ends too early, as if rows were missing in it. */
class OverlooksRows extends Outbox {
  constructor(parts: ConstructorParameters<typeof Outbox>[0]) {
    const { log } = parts;
    super({
      ...parts,
      log: {
        oldest: () => log.oldest(),
        publishedSequence: () => log.publishedSequence(),
        after: (sequence, limit) => [...log.after(sequence, limit)].filter((row) => row.sequence % 7 !== 0),
      },
    });
  }
}

/** Keeps no more rows than that in memory, and never looks into the log for what found no room. */
class KeepsThreeHundredRows extends Outbox {
  #waiting = 0;

  override recorded(row: LoggedEvent): void {
    this.#waiting = this.isAllSent ? 0 : this.#waiting + 1;
    super.recorded(row);
    if (this.#waiting > 300) this.restore(row.sequence);
    if (this.#waiting > 300) this.allWasSent();
  }
}

export const brokenOutboxes = { LosesRowsOnReload, PromisesNothing, OverlooksRows, KeepsThreeHundredRows } as const;
