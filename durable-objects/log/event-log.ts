// An object's durable truth: an append-only log. A row is the event, what was decided by it and its outbox entry at once.
// Does not know what the events mean.
//
// log(sequence, at_ms, published_sequence, body): made with the first event, so that a name that nobody has leaves nothing here; written
// by `append`, one row an event, never changed but for its cursor; `trim` takes the oldest.
// `published_sequence` is the outbox's cursor as it was known when the row was written, so publishing costs a busy object no write; where it
// rests, `noteSent` writes it once more.

import type { Row } from './row.ts';
import { tablesOf } from './tables-of.ts';

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
    this.#sql.exec(
      'insert into log (sequence, at_ms, published_sequence, body) values (?, ?, ?, ?)',
      row.sequence,
      row.at_ms,
      publishedSequence,
      JSON.stringify(row.body),
    );
  }

  /** Rows above a sequence, in order; `limit` of them at most. */
  *after(sequence: number, limit: number): Generator<Row<Body>> {
    if (!this.#isThere) return;
    const rows = this.#sql.exec<StoredRow>(
      `select sequence, at_ms, published_sequence, body from ${this.#table} where sequence > ? order by sequence limit ?`,
      sequence,
      limit,
    );
    for (const row of rows) {
      this.#last = row;
      yield this.#parse(row);
    }
  }

  at(sequence: number): Row<Body> {
    return this.#parse(
      this.#sql
        .exec<StoredRow>('select sequence, at_ms, published_sequence, body from log where sequence = ?', sequence)
        .one(),
    );
  }

  /** The oldest row still there; null for an empty log. */
  oldest(): { sequence: number; at_ms: number } | null {
    if (!this.#isThere) return null;
    const [row] = this.#sql.exec<{ sequence: number; at_ms: number }>(
      'select sequence, at_ms from log order by sequence limit 1',
    );
    return row ?? null;
  }

  /** 0 for an empty log. */
  newestSequence(): number {
    if (!this.#isThere) return 0;
    return this.#sql.exec<{ newest: number | null }>('select max(sequence) as newest from log').one().newest ?? 0;
  }

  /** The first row that is no older than an instant; null where all are older. Reads the older ones, and no others. */
  firstSince(atMs: number): number | null {
    if (!this.#isThere) return null;
    const [row] = this.#sql.exec<{ sequence: number }>(
      'select sequence from log where at_ms >= ? order by sequence limit 1',
      atMs,
    );
    return row?.sequence ?? null;
  }

  /** Takes away the rows below a sequence. */
  trim(firstSequence: number): void {
    if (this.#isThere) this.#sql.exec('delete from log where sequence < ?', firstSequence);
  }

  /** The outbox's cursor as the newest row, which has this number, knew it when it was loaded; 0 for an empty log. */
  publishedSequence(newest: number): number {
    if (!this.#isThere) return 0;
    const read = this.#last;
    this.#last = null;
    if (read?.sequence === newest) return read.published_sequence;
    const [row] = this.#sql.exec<{ published_sequence: number }>(
      'select published_sequence from log order by sequence desc limit 1',
    );
    return row?.published_sequence ?? 0;
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
