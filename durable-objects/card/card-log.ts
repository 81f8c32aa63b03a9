// The card's durable truth: an append-only log. A row is the event, the decision it carries and its outbox entry at once.
// Does not know what the events mean.
//
// log(sequence, at_ms, published_sequence, body): made with the first event, so that a token that no card has leaves nothing here; written
// by `append`, one row an event, never changed but for its cursor; `trim` takes the oldest.
// `published_sequence` is the outbox's cursor as it was known when the row was written, so publishing costs a busy card no write; where the
// card rests, `noteSent` writes it once more.

import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { readRow } from '../../core/card/stored-row.ts';
import { tablesOf } from '../log/tables-of.ts';

/** Rows as SQLite gives them. */
type StoredRow = { sequence: number; at_ms: number; published_sequence: number; body: string };

export class CardLog {
  readonly #sql: SqlStorage;
  readonly #table: 'log' | 'set_aside';
  #isThere: boolean;
  /** The last row that was read: at a load the newest, so that its cursor need not be asked for. Losing it costs a query. */
  #read: StoredRow | null = null;

  /** `set_aside`: a log that a rebuild has set aside (`fence.ts`), to be read. */
  constructor(sql: SqlStorage, tables = tablesOf(sql), table: 'log' | 'set_aside' = 'log') {
    this.#sql = sql;
    this.#table = table;
    this.#isThere = tables.has(table);
  }

  append(row: LoggedEvent, publishedSequence: number): void {
    if (!this.#isThere)
      this.#sql.exec(
        'create table log (sequence integer primary key, at_ms integer not null, published_sequence integer not null, body text not null)',
      );
    this.#isThere = true;
    this.#read = null;
    this.#sql.exec(
      'insert into log (sequence, at_ms, published_sequence, body) values (?, ?, ?, ?)',
      row.sequence,
      row.at_ms,
      publishedSequence,
      JSON.stringify(row.body),
    );
  }

  /** Rows above a sequence, in order; `limit` of them at most. */
  *after(sequence: number, limit: number): Generator<LoggedEvent> {
    if (!this.#isThere) return;
    const rows = this.#sql.exec<StoredRow>(
      `select sequence, at_ms, published_sequence, body from ${this.#table} where sequence > ? order by sequence limit ?`,
      sequence,
      limit,
    );
    for (const row of rows) {
      this.#read = row;
      yield parse(row);
    }
  }

  at(sequence: number): LoggedEvent {
    return parse(
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
    const read = this.#read;
    this.#read = null;
    if (read?.sequence === newest) return read.published_sequence;
    const [row] = this.#sql.exec<{ published_sequence: number }>(
      'select published_sequence from log order by sequence desc limit 1',
    );
    return row?.published_sequence ?? 0;
  }

  /** The newest row, which has this number, says from now on that all is sent. */
  noteSent(sequence: number): void {
    this.#read = null;
    if (this.#isThere) this.#sql.exec('update log set published_sequence = sequence where sequence = ?', sequence);
  }
}

function parse({ sequence, at_ms, body }: StoredRow): LoggedEvent {
  return { sequence, at_ms, body: readRow(body, sequence) };
}
