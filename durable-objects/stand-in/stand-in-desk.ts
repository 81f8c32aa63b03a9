// One card's desk for stand-ins: says whether the edge may approve a purchase in the place of a card that cannot be reached. An
// object of its own, because it must answer while the card's does not; asked only then, so no authorization that a card decides
// costs more. It knows three things of the card, and what was stood in for on each day. Not the card's controls, nor its funds.
//
// card(id, version, currency, active_until_ms): one row, written with each profile of the card. None for a token that no card
// ever had: then nothing is stored here at all.
// given(request_key, day, amount_minor, message, given_up): one row a stand-in, at most as many a day as the operator allows;
// removed after `limits.retentionMs`.

import { DurableObject } from 'cloudflare:workers';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';

export type StandInAdvice = Extract<CardMessage, { kind: 'advice' }>;

/** What the desk must know of a card. */
export interface StandInCard {
  /** The profile's: an older version never replaces a newer one. */
  readonly version: number;
  readonly currency: string;
  /** First instant at which nothing is stood in for any more: 0 for a card that is not active, or good for one purchase only. */
  readonly active_until_ms: number;
}

/** What may be stood in for on one UTC day. */
export interface StandInBounds {
  readonly count_max: number;
  readonly sum_minor_max: number;
}

export type StandInAnswer =
  | 'given'
  | 'late'
  | 'card_unknown'
  | 'card_not_active'
  | 'currency_not_allowed'
  | 'count_used_up'
  | 'sum_used_up'
  /** The network was told no under this key, or the key is known with another amount. */
  | 'key_spent';

type Given = { amount_minor: number; message: string; given_up: number };

const dayMs = 86_400_000;

export class StandInDesk extends DurableObject {
  readonly #sql = this.ctx.storage.sql;
  #isKnown = this.#sql.exec("select 1 from sqlite_master where name = 'card'").toArray().length > 0;

  putCard({ version, currency, active_until_ms }: StandInCard): void {
    this.#sql.exec(
      'create table if not exists card (id integer primary key, version integer not null, currency text not null, active_until_ms integer not null)',
    );
    this.#sql.exec(
      'create table if not exists given (request_key text primary key, day integer not null, amount_minor integer not null, message text not null, given_up integer not null) without rowid',
    );
    this.#isKnown = true;
    // The condition: profiles may come late and out of order.
    this.#sql.exec(
      'insert into card values (1, ?, ?, ?) on conflict (id) do update set version = excluded.version, currency = excluded.currency, active_until_ms = excluded.active_until_ms where excluded.version > card.version',
      version,
      currency,
      active_until_ms,
    );
  }

  /**
   * Takes it from the day's bounds, once for a request key: a repeat gets the same answer. After the deadline, an instant by the
   * worker's clock, nobody waits for the answer and nothing is given: so a clock that runs ahead here opens no new day.
   */
  standIn(
    { request_key, hold_minor, currency, ...advice }: StandInAdvice,
    bounds: StandInBounds,
    deadlineAtMs: number,
  ): StandInAnswer {
    const nowMs = Date.now();
    if (nowMs > deadlineAtMs) return 'late';
    if (!this.#isKnown || request_key === undefined) return 'card_unknown';
    const before = this.#find(request_key);
    if (before !== null) return before.given_up === 0 && before.amount_minor === hold_minor ? 'given' : 'key_spent';
    const card = this.#sql.exec<{ currency: string; active_until_ms: number }>('select * from card').one();
    if (nowMs >= card.active_until_ms) return 'card_not_active';
    if (currency !== card.currency) return 'currency_not_allowed';
    const day = Math.floor(nowMs / dayMs);
    const { uses, sum_minor } = this.#usedOn(day);
    if (uses >= bounds.count_max) return 'count_used_up';
    if (sum_minor + hold_minor > bounds.sum_minor_max) return 'sum_used_up';
    this.#sql.exec('delete from given where day < ?', day - limits.retentionMs / dayMs);
    const message = JSON.stringify({ ...advice, request_key, hold_minor, currency });
    this.#sql.exec('insert into given values (?, ?, ?, ?, 0)', request_key, day, hold_minor, message);
    return 'given';
  }

  /**
   * The request is given up: it is never stood in for again. What was stood in for it, or null; it stays taken from its day, as
   * nobody knows here whether the network has heard of it.
   */
  giveUp(requestKey: string): StandInAdvice | null {
    const given = this.#isKnown ? this.#find(requestKey) : null;
    if (given === null) return null;
    this.#sql.exec('update given set given_up = 1 where request_key = ?', requestKey);
    return JSON.parse(given.message) as StandInAdvice;
  }

  /** What was stood in for on the present day; `card` null for a token that no card ever had. Changes nothing. */
  read(): { at_ms: number; card: StandInCard | null; uses: number; sum_minor: number; resets_at_ms: number } {
    const at_ms = Date.now();
    const day = Math.floor(at_ms / dayMs);
    const resets_at_ms = (day + 1) * dayMs;
    if (!this.#isKnown) return { at_ms, card: null, uses: 0, sum_minor: 0, resets_at_ms };
    const card = this.#sql
      .exec<{ version: number; currency: string; active_until_ms: number }>(
        'select version, currency, active_until_ms from card',
      )
      .one();
    return { at_ms, card, ...this.#usedOn(day), resets_at_ms };
  }

  #usedOn(day: number): { uses: number; sum_minor: number } {
    return this.#sql
      .exec<{ uses: number; sum_minor: number }>(
        'select count(*) as uses, coalesce(sum(amount_minor), 0) as sum_minor from given where day = ?',
        day,
      )
      .one();
  }

  #find(requestKey: string): Given | null {
    return this.#sql.exec<Given>('select * from given where request_key = ?', requestKey).toArray()[0] ?? null;
  }
}
