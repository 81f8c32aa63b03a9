// Outboxes that are broken on purpose, each in one way: the law that every row reaches the queue must find each.

import type { CardEventsMessage } from '../../contracts/card-event.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { CardOutboxParts } from '../../durable-objects/card/card-outbox.ts';
import { Outbox } from '../../durable-objects/log/outbox.ts';

type Parts = CardOutboxParts;

/** With a log that has the cursor where a test wants it. */
function withCursor(parts: Parts, publishedSequence: (newest: number) => number): Parts {
  const { log } = parts;
  return {
    ...parts,
    log: {
      publishedSequence,
      oldest: () => log.oldest(),
      after: (sequence, limit) => log.after(sequence, limit),
      noteSent: (sequence) => log.noteSent(sequence),
    },
  };
}

/** What was unsent when the process went is taken for sent. */
class LosesRowsOnReload extends Outbox<LoggedEvent, CardEventsMessage> {
  readonly #found: { sequence: number };

  constructor(parts: Parts) {
    const found = { sequence: 0 };
    super(withCursor(parts, () => found.sequence));
    this.#found = found;
  }

  override restore(sequence: number): void {
    this.#found.sequence = sequence;
    super.restore(sequence);
  }
}

/** Only the timer sends: whoever goes before it has gone off leaves rows behind that nobody sends. */
class PromisesNothing extends Outbox<LoggedEvent, CardEventsMessage> {
  override promise(): void {}
}

/** Reads a page of the log that ends too early, as if rows were missing in it. */
class OverlooksRows extends Outbox<LoggedEvent, CardEventsMessage> {
  constructor(parts: Parts) {
    const { log } = parts;
    super({
      ...parts,
      log: {
        oldest: () => log.oldest(),
        publishedSequence: (newest) => log.publishedSequence(newest),
        noteSent: (sequence) => log.noteSent(sequence),
        after: (sequence, limit) => [...log.after(sequence, limit)].filter((row) => row.sequence % 7 !== 0),
      },
    });
  }
}

/** Keeps no more rows than that in memory, and never looks into the log for what found no room. */
class KeepsThreeHundredRows extends Outbox<LoggedEvent, CardEventsMessage> {
  readonly #found: { sequence: number };
  #waiting = 0;

  constructor(parts: Parts) {
    const found = { sequence: 0 };
    super(withCursor(parts, (newest) => Math.max(found.sequence, parts.log.publishedSequence(newest))));
    this.#found = found;
  }

  override recorded(row: LoggedEvent): void {
    this.#waiting = this.isAllSent ? 0 : this.#waiting + 1;
    super.recorded(row);
    if (this.#waiting <= 300) return;
    this.#found.sequence = row.sequence;
    this.restore(row.sequence);
  }
}

export const brokenOutboxes = { LosesRowsOnReload, PromisesNothing, OverlooksRows, KeepsThreeHundredRows } as const;
