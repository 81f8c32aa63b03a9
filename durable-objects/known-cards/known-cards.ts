// Which cards have a profile. Asked only while a network names more unknown cards than it may: then a token that is not here is answered
// without waking an object for it, so that invented tokens cost nobody anything. Cards are spread over 64 of these.
//
// known(card_key): one row a card, written when its profile is put, never removed: a closed card is known too.

import { DurableObject } from 'cloudflare:workers';

export class KnownCards extends DurableObject {
  readonly #sql = this.ctx.storage.sql;
  #isThere = this.#sql.exec("select 1 from sqlite_master where name = 'known'").toArray().length > 0;

  add(cardKey: string): void {
    if (!this.#isThere) this.#sql.exec('create table known (card_key text primary key) without rowid');
    this.#isThere = true;
    // Each profile of a card says so again: only the first one writes.
    this.#sql.exec('insert into known values (?) on conflict do nothing', cardKey);
  }

  has(cardKey: string): boolean {
    return this.#isThere && this.#sql.exec('select 1 from known where card_key = ?', cardKey).toArray().length > 0;
  }
}
