// The fold of the log up to a row, so that a load reads it and the rows after it, and older rows can go.
//
// snapshot(part, body): made by the first `write`; one JSON text in parts, because a value has a bound; replaced as a whole by `write`.

import { readSnapshot, type Snapshot } from '../../core/snapshot.ts';
import { partsOf } from './snapshot-parts.ts';

export class CardSnapshot {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Null for a card that has none yet. Only `write` writes it: it is trusted. */
  read(): Snapshot | null {
    if (this.#sql.exec("select 1 from sqlite_master where name = 'snapshot'").toArray().length === 0) return null;
    const parts = this.#sql.exec<{ body: string }>('select body from snapshot order by part').toArray();
    if (parts.length === 0) return null;
    return readSnapshot(parts.map(({ body }) => body).join(''));
  }

  /** Several statements: for a transaction of the caller's. */
  write(snapshot: Snapshot): void {
    this.#sql.exec('create table if not exists snapshot (part integer primary key, body text not null)');
    const parts = partsOf(JSON.stringify(snapshot));
    // Upserts, so that what stays the same in number costs one row a part, not two.
    for (const [part, body] of parts.entries())
      this.#sql.exec('insert or replace into snapshot (part, body) values (?, ?)', part, body);
    this.#sql.exec('delete from snapshot where part >= ?', parts.length);
  }
}
