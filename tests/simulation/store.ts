// The simulated storage of one card: its log and its one alarm. Rows and alarm become durable with their commit, a crash before
// it loses both, and what is read back has gone through JSON. Keeps trimmed rows in an archive that only the laws look at.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardHistory, FreshIds } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { Snapshot } from '../../core/card/snapshot.ts';
import type { AlarmStorage } from '../../durable-objects/log/agenda.ts';
import type { UnsentRows } from '../../durable-objects/log/outbox.ts';
import { EffectSums } from './effect-sums.ts';

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

export class Store implements CardHistory, UnsentRows<LoggedEvent>, AlarmStorage {
  /** Every row ever committed, the first at 0: also those that the card has trimmed. */
  readonly archive: Row[] = [];
  /** What this call has written and not committed. */
  pending: LoggedEvent[] = [];
  crashesBeforeCommit = false;
  firstSequence = 1;
  alarmMs: number | null = null;
  /** What a call has set the alarm to and not committed; undefined: nothing. */
  #pendingAlarmMs: number | undefined = undefined;
  #publishedSequence = 0;
  #pendingPublishedSequence = 0;
  /** A call is under way: what it writes is committed or lost as one. */
  #isCalled = false;
  /** Sums of the effects that committed rows carry: what the origin books. */
  readonly booked = new EffectSums();
  #snapshotText: string | null = null;
  #ids = 0;
  readonly #prefix: string;

  constructor(cardIndex: number) {
    this.#prefix = String(cardIndex).padStart(12, '0');
  }

  /** `publishedSequence`: the outbox's cursor, which each row keeps. */
  readonly append = (event: LoggedEvent, publishedSequence = 0): void => {
    if (this.crashesBeforeCommit) throw new SimulatedCrash();
    if (event.sequence !== this.archive.length + this.pending.length + 1)
      throw new Error(`row ${event.sequence} follows row ${this.archive.length + this.pending.length}`);
    this.pending.push(event);
    this.#pendingPublishedSequence = publishedSequence;
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

  begin(crashesBeforeCommit: boolean): void {
    this.#isCalled = true;
    this.crashesBeforeCommit = crashesBeforeCommit;
  }

  commit(): void {
    if (this.#pendingAlarmMs !== undefined) this.alarmMs = this.#pendingAlarmMs;
    if (this.pending.length > 0) this.#publishedSequence = this.#pendingPublishedSequence;
    for (const event of this.pending) {
      const { body } = event;
      this.archive.push(new Row(event));
      this.booked.take(body);
    }
    this.rollback();
  }

  rollback(): void {
    this.pending = [];
    this.#pendingAlarmMs = undefined;
    this.#isCalled = false;
    this.crashesBeforeCommit = false;
  }

  getAlarm(): Promise<number | null> {
    return Promise.resolve(this.alarmMs);
  }

  setAlarm(atMs: number): Promise<void> {
    if (this.#isCalled) this.#pendingAlarmMs = atMs;
    else this.alarmMs = atMs;
    return Promise.resolve();
  }

  oldest(): { sequence: number } | null {
    return this.firstSequence > this.archive.length ? null : { sequence: this.firstSequence };
  }

  publishedSequence(): number {
    return this.oldest() === null ? 0 : this.#publishedSequence;
  }

  noteSent(sequence: number): void {
    this.#publishedSequence = sequence;
  }

  after(sequence: number, limit: number): LoggedEvent[] {
    const first = Math.max(sequence + 1, this.firstSequence);
    return this.#rows(first, this.archive.slice(first - 1, first - 1 + limit));
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
    return this.#rows(sequence, this.archive.slice(sequence - 1));
  }

  #rows(first: number, rows: readonly Row[]): LoggedEvent[] {
    return rows.map((row, index) => ({ sequence: first + index, at_ms: row.at_ms, body: row.read() }));
  }
}
