// An object's durable truth: an append-only log. A row is the event, what was decided by it and its outbox entry at once.
// Does not know what the events mean.
//
// log(sequence, at_ms, published_sequence, body): made with the first event, so that a name that nobody has leaves nothing here; written
// by `append`, one row an event, never changed but for its cursor; `trim` takes the oldest away, for all that is asked here. They lie there
// until a new row is written over them, which is one row where a new one and an old one's removal are two. Example: of 14 events a week
// the 14 rows of six weeks ago are written over.
// `published_sequence` is the outbox's cursor as it was known when the row was written, so publishing costs a busy object no write; where it
// rests, `noteSent` writes it once more.

import type { Row } from './row.ts';
import { tablesOf } from './tables-of.ts';

const oldestBelow = 'select min(sequence) from log where sequence < ?';

/** Rows as SQLite gives them. */
type StoredRow = { sequence: number; at_ms: number; published_sequence: number; body: string };

/** `set_aside`: a log that a rebuild has set aside, to be read. */
export type LogTable = 'log' | 'set_aside';

export class EventLog<Body> {
  readonly #sql: SqlStorage;
  readonly #table: LogTable;
  readonly #read: (text: string, sequence: number) => Body;
  #isThere: boolean;
  /** The last row that was read: at a load the newest, so that its cursor need not be asked for. Losing it costs a query. */
  #last: StoredRow | null = null;
  /** Rows below it are no part of the log any more. Losing it is harmless: the snapshot has it (`keepFrom`). */
  #keptFrom = 0;
  /** Some of those may still lie there. */
  #mayWriteOver = false;

  /** `read`: a body's text, of the row with this number, as its owner reads it. */
  constructor(
    sql: SqlStorage,
    read: (text: string, sequence: number) => Body,
    tables: ReadonlySet<string> = tablesOf(sql),
    table: LogTable = 'log',
  ) {
    this.#sql = sql;
    this.#table = table;
    this.#read = read;
    this.#isThere = tables.has(table);
  }

  append(row: Row<Body>, publishedSequence: number): void {
    if (!this.#isThere)
      this.#sql.exec(
        'create table log (sequence integer primary key, at_ms integer not null, published_sequence integer not null, body text not null)',
      );
    this.#isThere = true;
    this.#last = null;
    const values = [row.sequence, row.at_ms, publishedSequence, JSON.stringify(row.body)];
    this.#mayWriteOver &&=
      this.#sql.exec(
        `update log set (sequence, at_ms, published_sequence, body) = (?, ?, ?, ?) where sequence = (${oldestBelow})`,
        ...values,
        this.#keptFrom,
      ).rowsWritten > 0;
    if (!this.#mayWriteOver)
      this.#sql.exec('insert into log (sequence, at_ms, published_sequence, body) values (?, ?, ?, ?)', ...values);
  }

  /** Rows above a sequence, in order; `limit` of them at most. */
  *after(sequence: number, limit: number): Generator<Row<Body>> {
    if (!this.#isThere) return;
    const rows = this.#sql.exec<StoredRow>(
      `select sequence, at_ms, published_sequence, body from ${this.#table} where sequence > ? order by sequence limit ?`,
      Math.max(sequence, this.#keptFrom - 1),
      limit,
    );
    for (const row of rows) {
      this.#last = row;
      yield this.#parse(row);
    }
  }

  at(sequence: number): Row<Body> {
    const [row] = this.after(sequence - 1, 1);
    if (row?.sequence !== sequence) throw new Error(`event ${sequence} is not in the log`);
    return row;
  }

  /** The oldest row still there; null for an empty log. From 0: also one that was trimmed, and not written over yet. */
  oldest(from = this.#keptFrom): { sequence: number; at_ms: number } | null {
    if (!this.#isThere) return null;
    const [row] = this.#sql.exec<{ sequence: number; at_ms: number }>(
      'select sequence, at_ms from log where sequence >= ? order by sequence limit 1',
      from,
    );
    return row ?? null;
  }

  /** 0 for an empty log. */
  newestSequence(): number {
    if (!this.#isThere) return 0;
    return this.#newest()?.sequence ?? 0;
  }

  /** The first row that is no older than an instant; null where all are older. Reads the older ones, and no others. */
  firstSince(atMs: number): number | null {
    if (!this.#isThere) return null;
    const [row] = this.#sql.exec<{ sequence: number }>(
      'select sequence from log where sequence >= ? and at_ms >= ? order by sequence limit 1',
      this.#keptFrom,
      atMs,
    );
    return row?.sequence ?? null;
  }

  /**
   * Takes away the rows below a sequence: they may be written over, and what is left of those of the last trim goes. The first row of all
   * goes at once: also to the release before, that it is there says that nothing was forgotten.
   */
  trim(firstSequence: number): void {
    const goneBelow = Math.max(this.#keptFrom, Math.min(firstSequence, 2));
    if (this.#isThere) this.#sql.exec('delete from log where sequence < ?', goneBelow);
    this.keepFrom(firstSequence);
  }

  /** As a trim before this load has left it. */
  keepFrom(firstSequence: number): void {
    this.#keptFrom = Math.max(this.#keptFrom, firstSequence);
    this.#mayWriteOver = this.#isThere && this.#keptFrom > 1;
  }

  /** The outbox's cursor as the newest row, which has this number, knew it when it was loaded; 0 for an empty log. */
  publishedSequence(newest: number): number {
    if (!this.#isThere) return 0;
    const read = this.#last;
    this.#last = null;
    return (read?.sequence === newest ? read : this.#newest())?.published_sequence ?? 0;
  }

  #newest(): StoredRow | undefined {
    return this.#sql.exec<StoredRow>('select * from log order by sequence desc limit 1').toArray()[0];
  }

  /** The newest row, which has this number, says from now on that all is sent. */
  noteSent(sequence: number): void {
    this.#last = null;
    if (this.#isThere) this.#sql.exec('update log set published_sequence = sequence where sequence = ?', sequence);
  }

  #parse({ sequence, at_ms, body }: StoredRow): Row<Body> {
    return { sequence, at_ms, body: this.#read(body, sequence) };
  }
}
