// Refunds of no purchase at the card: how much of them it may spend, in any order, and what frees the rest.

import { describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Id } from '../../contracts/ids.ts';
import { clearing, countingIds, hourMs, noonMs, profile, refund, request } from '../testing/samples.ts';
import { Card } from './card.ts';
import { availableMinor, withheldMinor } from './funds.ts';
import type { LoggedEvent } from './logged-event.ts';
import { readSnapshot } from './snapshot.ts';
import { tellAgain } from './tell-again.ts';

const dayMs = 24 * hourMs;
const retentionMs = 35 * dayMs;
const fundsMinor = 10_000;

/** A card with 100.00 of its own and the default bound of 500.00, whose log is a list. */
class Refunded {
  readonly log: LoggedEvent[] = [];
  clockMs = noonMs;
  card: Card;
  readonly #freshIds = countingIds();

  constructor(rows: LoggedEvent[] = [], max: ReadonlyMap<string, number> = new Map()) {
    this.log = rows;
    this.card = new Card(this.#history, null, rows, max);
    if (rows.length === 0) this.card.putProfile(profile({ funds_minor: fundsMinor }), noonMs);
  }

  get #history() {
    const at = (sequence: number) => (this.log[sequence - 1] as LoggedEvent).body;
    return { append: (event: LoggedEvent) => void this.log.push(event), at, freshIds: this.#freshIds };
  }

  say(...messages: CardMessage[]): this {
    for (const message of messages) this.card.receive(message, this.clockMs);
    return this;
  }

  get withheld(): number {
    return withheldMinor(this.card.state);
  }

  /** Of what the last event began or named. */
  get lastId(): Id<'auth'> {
    const body = this.log.at(-1)?.body;
    if (body?.kind !== 'message') throw new Error('the last event is no message');
    return body.authorization_id;
  }

  release(key: string, of: { id: Id<'auth'>; minor: number; atMs?: number }): string {
    const { id: authorization_id, minor, atMs: refunded_at_ms = noonMs } = of;
    const release = { message_key: key, authorization_id, currency: 'USD', minor, refunded_at_ms };
    return this.card.releaseRefund(release, this.clockMs).outcome;
  }

  /** As after an eviction, from its snapshot as JSON. */
  reload(): this {
    const snapshot = readSnapshot(JSON.stringify(this.card.snapshot()));
    const before = [...this.card.state.unmatched];
    this.card = new Card(this.#history, snapshot, []);
    expect([...this.card.state.unmatched]).toEqual(before);
    return this;
  }

  later(ms: number): this {
    this.clockMs += ms;
    return this;
  }
}

const of = (key: string, amount_minor: number, changes = {}) =>
  refund({ message_key: `refund ${key}`.replace(' ', '-'), authorization_key: key, amount_minor, ...changes });
const cleared = (key: string, amount_minor: number, changes = {}) =>
  clearing({ message_key: `clearing-${key}`, authorization_key: key, amount_minor, ...changes });
const unlinked = { authorization_key: null };

describe('what is withheld', () => {
  test.each([
    ['nothing up to the bound', [of('a', 50_000, unlinked)], 0],
    ['what is beyond it', [of('a', 50_001, unlinked)], 1],
    ['of several on one day their sum', [of('a', 40_000, unlinked), of('b', 30_000)], 20_000],
    ['a purchase’s whole refund is no part of it', [cleared('a', 90_000), of('a', 90_000)], 0],
    ['what is refunded beyond what it cost is', [cleared('a', 10_000), of('a', 90_000)], 30_000],
    [
      'two refunds of one purchase',
      [cleared('a', 60_000), of('a', 60_000), of('a', 60_000, { message_key: 'again' })],
      10_000,
    ],
    ['the same message twice counts once', [of('a', 60_000), of('a', 60_000)], 10_000],
    ['a refund of 0 counts nothing', [of('a', 0)], 0],
  ] as const)('%s', (_name, messages, withheld) => {
    const it = new Refunded().say(...messages).reload();
    expect(it.withheld).toBe(withheld);
    const { state } = it.card;
    expect(availableMinor(state)).toBe(fundsMinor - state.held_minor - state.posted_minor - withheld);
  });

  test('it is posted all the same, and the event says by how much more is withheld', () => {
    const it = new Refunded().say(of('a', 40_000), of('b', 30_000), of('c', 5));
    expect(it.card.state.posted_minor).toBe(-70_005);
    expect(it.log.slice(1).map(({ body }) => 'withheld_minor' in body && body.withheld_minor)).toEqual([0, 20_000, 5]);
  });

  test('each message says what is withheld after it, where that is not 0 before and after', () => {
    const it = new Refunded().say(of('a', 40_000), of('b', 30_000), cleared('b', 15_000));
    it.release('item-1', { id: it.lastId, minor: 5_000 });
    it.say(of('c', 1));
    const told = it.log.slice(1).map(({ body }) => ('withheld_after_minor' in body ? body.withheld_after_minor : null));
    expect(told).toEqual([null, 20_000, 5_000, 0, 1]);
    expect(it.withheld).toBe(1);
  });

  test('a purchase above the rest is declined, and the decision says what is withheld', () => {
    const { card } = new Refunded().say(of('a', 70_000));
    const asked = (request_key: string, amount_minor: number) =>
      card.authorize(request({ request_key, authorization_key: request_key, amount_minor }), noonMs);
    expect(asked('r1', 60_001)).toMatchObject({
      decision: { reason: 'insufficient_funds', available_minor: 60_000, withheld_minor: 20_000 },
    });
    expect(asked('r2', 60_000)).toMatchObject({
      decision: { outcome: 'approved', available_minor: 0, withheld_minor: 20_000 },
    });
  });

  test('each day by UTC has a bound of its own, by the card’s clock and not by the stamp', () => {
    const it = new Refunded().later(12 * hourMs - 1).say(of('a', 50_000));
    it.later(1).say(of('b', 50_000, { occurred_at_ms: noonMs }));
    expect(it.withheld).toBe(0);
    it.say(of('c', 1, { occurred_at_ms: noonMs }));
    expect(it.withheld).toBe(1);
  });

  test('a refund on a purchase that was refunded on another day counts on its own day', () => {
    const it = new Refunded()
      .say(of('a', 50_000))
      .later(dayMs)
      .say(of('a', 1, { message_key: 'again' }));
    expect(it.withheld).toBe(0);
  });

  test('an operator may set the bound by currency', () => {
    expect(new Refunded([], new Map([['USD', 100]])).say(of('a', 150)).withheld).toBe(50);
    expect(new Refunded([], new Map([['EUR', 100]])).say(of('a', 150)).withheld).toBe(0);
  });

  test('of money in another currency, heard before the profile, nothing counts', () => {
    const log: LoggedEvent[] = [];
    const history = {
      append: (event: LoggedEvent) => void log.push(event),
      at: () => ({}) as never,
      freshIds: countingIds(),
    };
    const card = new Card(history, null, []);
    card.receive(of('a', 90_000, { currency: 'EUR' }), noonMs);
    card.receive(of('b', 60_000), noonMs);
    card.putProfile(profile({ funds_minor: 0 }), noonMs);
    expect(withheldMinor(card.state)).toBe(10_000);
  });
});

describe('what frees it', () => {
  test('the clearing that comes after its refund, in any order of what is refunded', () => {
    const [a, b, c] = [of('a', 60_000), of('b', 30_000), cleared('a', 60_000)];
    for (const order of [
      [a, b, c],
      [b, a, c],
      [a, c, b],
      [c, a, b],
      [c, b, a],
      [b, c, a],
    ]) {
      const it = new Refunded().say(...order).reload();
      expect(it.withheld, JSON.stringify(order.map(({ message_key }) => message_key))).toBe(0);
    }
  });

  test('a clearing that makes its refund good overdraws nothing', () => {
    const it = new Refunded().say(of('a', 100_000), cleared('b', 60_000), cleared('a', 50_000));
    expect(it.log.at(-1)?.body).not.toHaveProperty('overdrawn');
    expect(availableMinor(it.card.state)).toBe(0);
    expect(it.say(cleared('d', 1)).log.at(-1)?.body).toMatchObject({ overdrawn: true });
  });

  test('a message that says refund and clearing are of one purchase', () => {
    const it = new Refunded().say(of('a', 90_000), cleared('b', 90_000));
    expect(it.withheld).toBe(40_000);
    it.say(of('a', 0, { message_key: 'tie', alias_key: 'b' }));
    expect(it.reload().withheld).toBe(0);
  });

  test('a person’s release, once, whatever comes afterwards', () => {
    const it = new Refunded().say(of('a', 90_000));
    const id = it.lastId;
    expect(it.release('item-1', { id, minor: 90_000 })).toBe('stored');
    expect(it.release('item-1', { id, minor: 90_000 })).toBe('repeated');
    expect(it.reload().withheld).toBe(0);
    // The bound of the day is whole again for others, and no more than whole.
    expect(it.say(of('b', 50_001)).withheld).toBe(1);
    // Its clearing, after all, makes room for nobody else.
    expect(it.say(cleared('a', 90_000)).reload().withheld).toBe(1);
  });

  test('a release and the clearing, in either order', () => {
    const one = new Refunded().say(of('a', 90_000), of('b', 60_000));
    const other = new Refunded().say(of('a', 90_000), of('b', 60_000));
    const id = (one.log[1] as LoggedEvent & { body: { authorization_id: Id<'auth'> } }).body.authorization_id;
    one.say(cleared('a', 30_000)).release('item-1', { id, minor: 60_000 });
    other.release('item-1', { id, minor: 60_000 });
    other.say(cleared('a', 30_000));
    expect([one.withheld, other.withheld]).toEqual([10_000, 10_000]);
  });

  test('a release moves no money, and an older release of the card reads it as a reversal of nothing', () => {
    const it = new Refunded().say(of('a', 90_000));
    const before = it.card.state.posted_minor;
    it.release('item-1', { id: it.lastId, minor: 40_000 });
    expect(it.card.state.posted_minor).toBe(before);
    expect(it.log.at(-1)?.body).toMatchObject({
      effect: { hold_minor: 0, posted_minor: 0 },
      message: { kind: 'reversal', amount_minor: 0 },
      releases: { minor: 40_000, refunded_at_ms: noonMs },
    });
  });
});

describe('what it survives', () => {
  test('an authorization that is forgotten leaves withheld what was; its release frees it', () => {
    const it = new Refunded().say(of('a', 90_000));
    const id = it.lastId;
    it.later(retentionMs + dayMs);
    it.card.forget({ firstSequence: 100, beforeMs: it.clockMs - retentionMs }, it.clockMs);
    expect(it.card.state.authorizations.size).toBe(0);
    expect(it.reload().withheld).toBe(40_000);
    it.release('item-1', { id, minor: 90_000 });
    expect(it.reload().withheld).toBe(0);
  });

  test('the whole log, folded from nothing', () => {
    const it = new Refunded().say(of('a', 90_000), of('b', 60_000), cleared('b', 10_000));
    it.release('item-1', { id: it.lastId, minor: 20_000 });
    const again = new Refunded(JSON.parse(JSON.stringify(it.log)));
    expect(again.withheld).toBe(it.withheld);
    expect(JSON.stringify(again.card.snapshot())).toBe(JSON.stringify(it.card.snapshot()));
  });

  test('a card that was set back: told again, nothing counts twice', () => {
    const it = new Refunded().say(of('a', 90_000));
    it.release('item-1', { id: it.lastId, minor: 10_000 });
    const again = new Refunded(it.log.slice(0, 2));
    for (const row of it.log.slice(2)) tellAgain(again.card, row);
    for (const row of it.log.slice(2)) tellAgain(again.card, row);
    expect(again.withheld).toBe(30_000);
  });

  test('rows and snapshots of a card of before: what they refunded goes on being funds', () => {
    const it = new Refunded().say(of('a', 90_000));
    const rows: LoggedEvent[] = JSON.parse(JSON.stringify(it.log), (name, value) =>
      name.startsWith('withheld_') ? undefined : value,
    );
    const folded = new Refunded(rows);
    expect(folded.withheld).toBe(0);
    const { unmatched: _, ...snapshot } = JSON.parse(JSON.stringify(it.card.snapshot()));
    const authorizations = snapshot.authorizations.map((stored: unknown[]) => stored.slice(0, 17));
    const read = readSnapshot(JSON.stringify({ ...snapshot, authorizations }));
    const history = { append: () => {}, at: () => ({}) as never, freshIds: countingIds() };
    for (const card of [new Card(history, read, []), folded.card]) {
      expect(availableMinor(card.state)).toBe(fundsMinor + 90_000);
      // A clearing is matched by them first; another refund is one of no purchase.
      card.receive(cleared('a', 90_000), noonMs);
      card.receive(of('a', 60_000, { message_key: 'again' }), noonMs);
      expect(withheldMinor(card.state)).toBe(10_000);
    }
  });
});
