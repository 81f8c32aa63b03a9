// A machine's clock that is days off: the card hears one thing after another all the same. What it approves is held until something
// ends it that it hears later, whatever the instants say; also where two authorizations turn out to be one meanwhile.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, expiry, hourMs, noonMs, profile, refund, request, reversal } from '../testing/samples.ts';

const dayMs = 24 * hourMs;
/** How far off the machine's clock is. */
const jumps = [3, 40, 400, -3, -40, -400].map((days) => days * dayMs);

const secondTry = { request_key: 'second try' };

class Clocked {
  readonly sample = new SampleCard(profile());
  #keys = 0;
  #atMs = 0;

  /** Seconds later, by a clock that is off. */
  #next(offMs: number): number {
    this.#atMs += 10_000;
    return noonMs + this.#atMs + offMs;
  }

  asks(as: string, amount_minor: number, offMs = 0, more: Partial<AuthorizationRequest> = {}): number {
    const named = { request_key: `r-${as}`, authorization_key: as, amount_minor, ...more };
    const answer = this.sample.card.authorize(request(named), this.#next(offMs));
    if (answer.outcome !== 'decided') throw new Error('it should be decided');
    return answer.decision.hold_minor;
  }

  hears(as: string, message: CardMessage, offMs = 0): void {
    const nowMs = this.#next(offMs);
    this.sample.card.receive(
      { ...message, authorization_key: as, message_key: `m${++this.#keys}` } as CardMessage,
      nowMs,
    );
  }

  voids(as: string, offMs = 0): void {
    this.sample.card.void(`r-${as}`, this.#next(offMs));
  }

  ties(offMs = 0): number {
    this.hears('A', refund({ amount_minor: 0, alias_key: 'B' }), offMs);
    return this.held;
  }

  /** The same after it is stored and read back. */
  get held(): number {
    const { held_minor } = this.sample.card.state;
    this.sample.reload(JSON.parse(JSON.stringify(this.sample.card.snapshot())));
    expect(this.sample.card.state.held_minor).toBe(held_minor);
    return held_minor;
  }
}

const ends: [what: string, message: CardMessage][] = [
  ['a full reversal', reversal({})],
  ['a final clearing', clearing({ amount_minor: 100 })],
  ['an expiry', expiry({})],
  ['an advice of 0', advice({ hold_minor: 0 })],
];

describe.each(jumps.map((offMs) => [offMs / dayMs, offMs] as const))('a clock that is %i days off', (_, offMs) => {
  test.each(ends)('%s of A dated by it, then B approved, then both are one: B is held', (_what, message) => {
    const card = new Clocked();
    card.asks('A', 100);
    card.hears('A', message, offMs);
    expect(card.asks('B', 50)).toBe(50);
    expect(card.ties()).toBe(50);
  });

  test.each(ends)('%s of A, then B approved by it, then both are one: B is held', (_what, message) => {
    const card = new Clocked();
    card.asks('A', 100);
    card.hears('A', message);
    expect(card.asks('B', 50, offMs)).toBe(50);
    expect(card.ties()).toBe(50);
  });

  test.each(ends)('%s of A after both are one, A approved by it: nothing is held', (_what, message) => {
    const card = new Clocked();
    card.asks('A', 100, offMs);
    card.asks('B', 50);
    expect(card.ties()).toBe(150);
    card.hears('A', message);
    expect(card.held).toBe(0);
  });

  test.each(ends)('%s of A, A approved by it and B before, then both are one: B is held', (_what, message) => {
    const card = new Clocked();
    card.asks('B', 50);
    card.hears('B', message);
    card.asks('A', 100, offMs);
    expect(card.ties()).toBe(100);
  });

  test.each(ends)(
    'two approvals of A, then %s of A that is stamped rightly, heard by it: nothing is held',
    (_what, message) => {
      const card = new Clocked();
      card.asks('A', 100);
      card.asks('A', 50, 0, secondTry);
      card.hears('A', { ...message, occurred_at_ms: noonMs + 30_000 }, offMs);
      expect(card.held).toBe(0);
    },
  );

  test('A given up by it, B approved, then both are one: B is held', () => {
    const card = new Clocked();
    card.asks('A', 100);
    card.voids('A', offMs);
    card.asks('B', 50);
    expect(card.ties()).toBe(50);
  });

  test('A of 100 reversed by 30 under it, B of 50, both are one, 120 cleared: nothing is held', () => {
    const card = new Clocked();
    card.asks('A', 100);
    card.hears('A', reversal({ amount_minor: 30 }), offMs);
    card.asks('B', 50);
    expect(card.ties()).toBe(120);
    card.hears('B', clearing({ amount_minor: 120, final: false }));
    expect(card.held).toBe(0);
  });
});

describe.each([3, 40, 400].map((days) => [days, days * dayMs] as const))(
  'what a clock %i days ahead has dated',
  (_, offMs) => {
    const stamped = (seconds: number) => ({ occurred_at_ms: noonMs + seconds * 1_000 });

    test('a reversal of 30 comes before an advice of 80 that is stamped and heard after it: 80 are held', () => {
      const card = new Clocked();
      card.asks('A', 100);
      card.hears('A', reversal({ amount_minor: 30 }), offMs);
      expect(card.held).toBe(70);
      card.hears('A', advice({ hold_minor: 80, ...stamped(25) }));
      expect(card.held).toBe(80);
    });

    test.each(ends)(
      'a full reversal, then a second try by a clock that is right: %s stamped after that ends it',
      (_what, message) => {
        const card = new Clocked();
        card.asks('A', 100);
        card.hears('A', reversal({}), offMs);
        expect(card.asks('A', 50, 0, secondTry)).toBe(50);
        card.hears('A', { ...message, ...stamped(35) });
        expect(card.held).toBe(0);
      },
    );

    test('the second try stays held where the end is stamped before it, and a void of the first try takes nothing of it', () => {
      const card = new Clocked();
      card.asks('A', 100);
      card.hears('A', reversal({}), offMs);
      card.asks('A', 50, 0, { ...secondTry, ...stamped(29) });
      card.hears('A', reversal(stamped(25)));
      expect(card.held).toBe(50);
      card.voids('A');
      expect(card.held).toBe(50);
    });

    test('our own expiry: what the network says of later is held', () => {
      const card = new Clocked();
      card.asks('A', 100);
      card.hears('A', reversal({ amount_minor: 30 }), offMs);
      card.sample.card.expire(noonMs + 8 * dayMs);
      expect(card.held).toBe(0);
      card.hears('A', advice({ hold_minor: 80, occurred_at_ms: noonMs + 8 * dayMs }), 9 * dayMs);
      expect(card.held).toBe(80);
    });
  },
);
