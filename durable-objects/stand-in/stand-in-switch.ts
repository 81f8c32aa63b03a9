// Whether the edge may approve anything in the place of cards of one network: an operator turns it off at once, without a deployment. On
// as long as nobody has turned it off; whether there is anything to be on is the failure policy's.
//
// switch(id, is_on, at_ms, by_whom): one row, written by each turn.

import { DurableObject } from 'cloudflare:workers';

export interface StandInSwitchState {
  readonly is_on: boolean;
  /** When it was turned last, and by whom; null: never. */
  readonly at_ms: number | null;
  readonly by: string | null;
}

type Row = { is_on: number; at_ms: number; by_whom: string };

export class StandInSwitch extends DurableObject {
  readonly #sql = this.ctx.storage.sql;

  turn(isOn: boolean, by: string): StandInSwitchState {
    this.#sql.exec(
      'create table if not exists switch (id integer primary key, is_on integer not null, at_ms integer not null, by_whom text not null)',
    );
    this.#sql.exec('insert or replace into switch values (1, ?, ?, ?)', isOn ? 1 : 0, Date.now(), by);
    return this.read();
  }

  read(): StandInSwitchState {
    const isThere = this.#sql.exec("select 1 from sqlite_master where name = 'switch'").toArray().length > 0;
    const [row] = isThere ? this.#sql.exec<Row>('select is_on, at_ms, by_whom from switch').toArray() : [];
    if (row === undefined) return { is_on: true, at_ms: null, by: null };
    return { is_on: row.is_on === 1, at_ms: row.at_ms, by: row.by_whom };
  }
}
