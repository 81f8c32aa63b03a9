// The simulated store of one card: rows become durable with their commit, a crash before it loses them, and what is read back
// has gone through JSON. Keeps what trimming removed in an archive that only the laws look at.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { LoggedEvent } from '../../core/apply.ts';
import type { CardHistory } from '../../core/card.ts';
import type { FreshIds } from '../../core/receive.ts';
import type { Snapshot } from '../../core/snapshot.ts';

/** Text when somebody reads it: most rows are never read back. */
class Row {
  readonly at_ms: number;
  readonly #body: CardEventBody;
  #text: string | null = null;

  constructor({ at_ms, body }: LoggedEvent) {
    this.at_ms = at_ms;
    this.#body = body;
  }

  read(): CardEventBody {
    this.#text ??= JSON.stringify(this.#body);
    return JSON.parse(this.#text);
  }
}

/** The process died before the commit. */
export class SimulatedCrash extends Error {}

export class Store implements CardHistory {
  /** Every row ever committed, the first at 0: also those that the card has trimmed. */
  readonly archive: Row[] = [];
  /** What this call has written and not committed. */
  pending: LoggedEvent[] = [];
  crashesBeforeCommit = false;
  firstSequence = 1;
  /** Sums of the effects that committed rows carry: what the origin books. */
  held_minor = 0;
  posted_minor = 0;
  #snapshotText: string | null = null;
  #ids = 0;
  readonly #prefix: string;

  constructor(cardIndex: number) {
    this.#prefix = String(cardIndex).padStart(12, '0');
  }

  readonly append = (event: LoggedEvent): void => {
    if (this.crashesBeforeCommit) throw new SimulatedCrash();
    if (event.sequence !== this.archive.length + this.pending.length + 1)
      throw new Error(`row ${event.sequence} follows row ${this.archive.length + this.pending.length}`);
    this.pending.push(event);
  };

  readonly at = (sequence: number): CardEventBody => {
    const row = this.archive[sequence - 1];
    if (row === undefined || sequence < this.firstSequence) throw new Error(`there is no row ${sequence}`);
    return row.read();
  };

  readonly freshIds = (): FreshIds => {
    this.#ids++;
    const end = this.#prefix + String(this.#ids).padStart(14, '0');
    return { event_id: `evt_${end}`, authorization_id: `auth_${end}` };
  };

  commit(): void {
    for (const event of this.pending) {
      const { body } = event;
      this.archive.push(new Row(event));
      if (!('effect' in body)) continue;
      const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;
      this.held_minor += body.effect.hold_minor - released;
      this.posted_minor += body.effect.posted_minor;
    }
    this.pending = [];
    this.crashesBeforeCommit = false;
  }

  rollback(): void {
    this.pending = [];
    this.crashesBeforeCommit = false;
  }

  writeSnapshot(snapshot: Snapshot): void {
    this.#snapshotText = JSON.stringify(snapshot);
  }

  /** The oldest row that is not older than an instant; one past the last where all are. */
  firstSince(atMs: number): number {
    let sequence = this.firstSequence;
    while (sequence <= this.archive.length && (this.archive[sequence - 1]?.at_ms ?? 0) < atMs) sequence++;
    return sequence;
  }

  /** What a card is loaded from. */
  load(): { snapshot: Snapshot | null; rows: LoggedEvent[] } {
    const snapshot: Snapshot | null = this.#snapshotText === null ? null : JSON.parse(this.#snapshotText);
    return { snapshot, rows: this.rowsFrom(Math.max(this.firstSequence, (snapshot?.sequence ?? 0) + 1)) };
  }

  rowsFrom(sequence: number): LoggedEvent[] {
    return this.archive.slice(sequence - 1).map((row, index) => {
      return { sequence: sequence + index, at_ms: row.at_ms, body: row.read() };
    });
  }
}
