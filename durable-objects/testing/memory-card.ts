// A card without an object, for tests: the same rules over a log in memory, which nothing ever interrupts.

import type { CardEventBody } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import { Card } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { countingIds } from '../../core/testing/samples.ts';

export class MemoryCard {
  log: LoggedEvent[] = [];
  readonly card: Card;

  constructor() {
    const history = {
      append: (event: LoggedEvent) => void this.log.push(event),
      at: (sequence: number) => this.#at(sequence),
      freshIds: countingIds(),
    };
    this.card = new Card(history, null, []);
  }

  /** What the object's alarm does: the holds that are due, the rows and lives that are too old. */
  keepUp(nowMs: number): void {
    this.card.expire(nowMs);
    const beforeMs = nowMs - limits.retentionMs;
    this.log = this.log.filter(({ at_ms }) => at_ms >= beforeMs);
    this.card.forget({ firstSequence: this.log[0]?.sequence ?? this.card.sequence + 1, beforeMs }, nowMs);
  }

  #at(sequence: number): CardEventBody {
    const found = this.log.find((event) => event.sequence === sequence);
    if (found === undefined) throw new Error(`event ${sequence} is no longer in the log`);
    return found.body;
  }
}
