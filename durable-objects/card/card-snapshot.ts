// The fold of the log up to a row, so that a load reads it and the rows after it, and older rows can go.
//
// snapshot(part, body): made by the first `write`; one JSON text in parts, because a value has a bound; replaced as a whole by `write`.
// snapshot_before(part, body): the newest one of the release before, set aside by this release's first `write`, for a week or 10,000
// rows: where this release is rolled back, the one before goes on from it and from the rows after it. Part -1 says up to which row it
// reaches, and until when it is kept.
//
// What is in memory, and why losing it is harmless: what `read` found is read again.

import { limits } from '../../contracts/limits.ts';
import { readSnapshot, type Snapshot, snapshotVersion } from '../../core/card/snapshot.ts';
import { NewerRelease } from '../../core/card/stored-row.ts';
import { partsOf } from '../log/snapshot-parts.ts';
import { tablesOf } from '../log/tables-of.ts';

const [newest, before] = ['snapshot', 'snapshot_before'] as const;
const keptPart = -1;

type Kept = { readonly sequence: number; readonly untilMs: number };

export class CardSnapshot {
  readonly #sql: SqlStorage;
  /** The newest one is of an older release: it is to be set aside. */
  #isOlder = false;
  #sequence = 0;
  #before: Kept | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Null for a card that has none yet. Throws where it is of a newer release, and none is left of this one. Only `write` writes it: it is trusted. */
  read(tables = tablesOf(this.#sql)): Snapshot | null {
    const text = tables.has(newest) ? this.#textOf(newest) : '';
    if (text === '') return null;
    if (tables.has(before)) this.#before = this.#keptAs();
    try {
      const snapshot = readSnapshot(text);
      this.#isOlder = !text.startsWith(`{"version":${snapshotVersion},`);
      this.#sequence = snapshot.sequence;
      return snapshot;
    } catch (error) {
      if (error instanceof NewerRelease && this.#before !== null) return readSnapshot(this.#textOf(before));
      throw error;
    }
  }

  /** The rows after this one are needed beside a snapshot up to `sequence` that is written now. */
  rowsKeptAfter(sequence: number, nowMs: number): number {
    if (this.#isOlder) return this.#sequence;
    return this.#staysBeside(sequence, nowMs)?.sequence ?? sequence;
  }

  /** Until then that one keeps a row from being removed; 0: none does. */
  keepsUntilMs(rowSequence: number): number {
    return this.#before !== null && rowSequence > this.#before.sequence ? this.#before.untilMs : 0;
  }

  /** Several statements: for a transaction of the caller's. */
  write(snapshot: Snapshot, nowMs: number): void {
    if (this.#isOlder) this.#setAside(nowMs);
    else if (this.#before !== null && this.#staysBeside(snapshot.sequence, nowMs) === null) this.#drop();
    this.#sql.exec(`create table if not exists ${newest} (part integer primary key, body text not null)`);
    const parts = partsOf(JSON.stringify(snapshot));
    // Upserts, so that what stays the same in number costs one row a part, not two.
    for (const [part, body] of parts.entries())
      this.#sql.exec(`insert or replace into ${newest} (part, body) values (?, ?)`, part, body);
    this.#sql.exec(`delete from ${newest} where part >= ?`, parts.length);
    this.#sequence = snapshot.sequence;
  }

  #setAside(nowMs: number): void {
    this.#drop();
    this.#sql.exec(`alter table ${newest} rename to ${before}`);
    this.#before = { sequence: this.#sequence, untilMs: nowMs + limits.snapshotBeforeKeptMs };
    this.#sql.exec(`insert into ${before} (part, body) values (${keptPart}, ?)`, JSON.stringify(this.#before));
    this.#isOlder = false;
  }

  #drop(): void {
    this.#sql.exec(`drop table if exists ${before}`);
    this.#before = null;
  }

  #staysBeside(sequence: number, nowMs: number): Kept | null {
    const kept = this.#before;
    return kept !== null && nowMs < kept.untilMs && sequence - kept.sequence <= limits.snapshotBeforeRowsMax
      ? kept
      : null;
  }

  #textOf(table: typeof newest | typeof before): string {
    const parts = this.#sql.exec<{ body: string }>(`select body from ${table} where part >= 0 order by part`);
    return Array.from(parts, ({ body }) => body).join('');
  }

  #keptAs(): Kept {
    return JSON.parse(
      this.#sql.exec<{ body: string }>(`select body from ${before} where part = ${keptPart}`).one().body,
    );
  }
}
