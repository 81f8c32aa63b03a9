// A card whose storage was set back to an earlier moment, or lost, does not know what it has decided since: it would approve spent money.
// Only the origin can tell, by an event that it has booked and the card has not. From then on the card is fenced: it decides nothing and
// takes nothing, until `rebuild.ts` has brought its past back.
//
// fence(since_ms): one row, made when the card is fenced, gone with the rebuild. The card does not note what the origin has
// booked otherwise: such a note would be set back with the rest, and costs a row.
// set_aside: the log as it was when the rebuild began, until what it decided in ignorance was told again.
//
// What is in memory, and why losing it is harmless: it is read back from the row.

import { setBack } from '../../contracts/internal-api.ts';
import { limits } from '../../contracts/limits.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { tablesOf } from '../log/tables-of.ts';
import { type CardLog, cardLog } from './card-log.ts';
import { type Acknowledged, hasEvent } from './has-event.ts';

/** The card decides nothing: see above. */
class SetBack extends Error {
  constructor() {
    super(setBack);
  }
}

export class Fence {
  readonly #sql: SqlStorage;
  #sinceMs: number | null = null;

  constructor(sql: SqlStorage, tables = tablesOf(sql)) {
    this.#sql = sql;
    if (!tables.has('fence')) return;
    this.#sinceMs = sql.exec<{ since_ms: number }>('select * from fence').one().since_ms;
  }

  /** Null: the card may decide. */
  get sinceMs(): number | null {
    return this.#sinceMs;
  }

  get isClosed(): boolean {
    return this.#sinceMs !== null;
  }

  /** Throws where the card may not decide. */
  assertOpen(): void {
    if (this.isClosed) throw new SetBack();
  }

  /** What was loaded before the card was fenced is never sent after it, nor noted as sent: its numbers are taken. */
  async whileOpen(send: () => Promise<unknown>): Promise<void> {
    this.assertOpen();
    await send();
    this.assertOpen();
  }

  /** Closes it where the card has not what the origin has. The answer of the same call leaves once that is durable. */
  closeWithout(seen: Acknowledged | undefined, log: CardLog, lastSequence: number): void {
    if (seen === undefined || this.isClosed || hasEvent(log, lastSequence, seen)) return;
    this.#sinceMs = Date.now();
    this.#sql.exec('create table fence (since_ms integer not null)');
    this.#sql.exec('insert into fence values (?)', this.#sinceMs);
    const of = { sequence: lastSequence, seen: seen.sequence };
    console.error(JSON.stringify({ level: 'error', event: 'card_fenced', ...of }));
  }

  /** Once for a rebuild: what the card has is set aside, and it begins from nothing. For a transaction of the caller's. */
  setAside(): void {
    if (this.#has('set_aside')) return;
    // Of a card that is lost there is nothing; that it has begun says the table.
    const does = this.#has('log')
      ? 'alter table log rename to set_aside'
      : 'create table set_aside (sequence, at_ms, published_sequence, body)';
    this.#sql.exec(`${does}; drop table if exists snapshot; drop table if exists snapshot_before`);
  }

  /** What was set aside, in order. */
  *rowsSetAside(): Generator<LoggedEvent> {
    const log = cardLog(this.#sql, tablesOf(this.#sql), 'set_aside');
    // A page at a time: whoever reads them writes between two.
    for (let after: number | undefined = 0; after !== undefined; ) {
      const rows: LoggedEvent[] = [...log.after(after, limits.eventsPageMax)];
      yield* rows;
      after = rows.at(-1)?.sequence;
    }
  }

  /** The card may decide again, by a fence that is read anew; this one stays closed. For a transaction of the caller's. */
  open(): void {
    this.#sql.exec('drop table if exists set_aside; drop table fence');
  }

  #has(table: string): boolean {
    return tablesOf(this.#sql).has(table);
  }
}
