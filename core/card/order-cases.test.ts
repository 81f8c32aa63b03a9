// The cases of time and order (T1 to T8), each with the value that is right, and others of their kinds.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, expiry, hourMs, noonMs, profile, refund, request, reversal } from '../testing/samples.ts';

const dayMs = 24 * hourMs;
const secondMs = 1_000;

/** A card whose clock is told with each call, in milliseconds from noon. */
function cardWith(changes: Partial<Profile> = {}) {
  const sample = new SampleCard(profile(changes));
  let keys = 0;
  return {
    sample,
    asks(atMs: number, amount_minor: number, changed: Partial<AuthorizationRequest> = {}) {
      const asked = request({ request_key: `r${++keys}`, authorization_key: 'A', amount_minor, ...changed });
      const answer = sample.card.authorize(asked, noonMs + atMs);
      if (answer.outcome === 'conflict') throw new Error(`keys meet in ${answer.field}`);
      return answer.decision;
    },
    hears(atMs: number, message: CardMessage) {
      const named = message.authorization_key === 'authorization-1' ? { authorization_key: 'A' } : {};
      sample.card.receive({ ...message, ...named, message_key: `m${++keys}` } as CardMessage, noonMs + atMs);
    },
    get money() {
      const { held_minor, posted_minor } = sample.card.state;
      return { held: held_minor, posted: posted_minor };
    },
  };
}

const increment = { kind: 'incremental' } as const;
const stamped = (atMs: number) => ({ occurred_at_ms: noonMs + atMs });

describe('what the card approves after hearing a message is held', () => {
  test.each([
    ['an advice', advice({ hold_minor: 800, ...stamped(60_000) }), 5_800],
    ['a full reversal', reversal(stamped(60_000)), 5_000],
    ['a final clearing', clearing({ amount_minor: 1_000, ...stamped(60_000) }), 5_000],
    ['an expiry', expiry(stamped(60_000)), 5_000],
    ['a reversal of more than is held', reversal({ amount_minor: 3_000, ...stamped(60_000) }), 5_000],
    ['an advice of a clock that is ahead', advice({ hold_minor: 800, ...stamped(62_000) }), 5_800],
    ['an advice without a stamp', advice({ hold_minor: 800 }), 5_800],
    ['a numbered advice', advice({ hold_minor: 800, order: 9 }), 5_800],
  ])('T1: an increment stamped in the same second as %s', (_, message, held) => {
    const { asks, hears, sample } = cardWith({ funds_minor: 6_000 });
    asks(0, 1_000, stamped(0));
    hears(60_000, message);
    expect(asks(60_600, 5_000, { ...increment, ...stamped(60_000) })).toMatchObject({ hold_minor: 5_000 });
    expect(sample.card.state.held_minor).toBe(held);
    expect(asks(61_000, 5_000, { authorization_key: 'B' }).outcome).toBe('declined');
  });

  test('T1: the same where the advice arrives after the increment of its second', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.asks(60_000, 5_000, { ...increment, ...stamped(60_000) });
    card.hears(60_600, advice({ hold_minor: 800, ...stamped(60_000) }));
    expect(card.money.held).toBe(5_800);
  });

  test.each([stamped(0), stamped(-900), {}])('T2: a second try after a full reversal, stamped %j', (stamp) => {
    const card = cardWith({ funds_minor: 6_000 });
    card.asks(0, 5_000, stamped(0));
    card.hears(300, reversal(stamped(0)));
    expect(card.asks(600, 5_000, stamp)).toMatchObject({ outcome: 'approved', hold_minor: 5_000 });
    expect(card.money.held).toBe(5_000);
    expect(card.asks(700, 6_000, { authorization_key: 'B' }).outcome).toBe('declined');
  });

  test('T2: a second try after a decline that the network reversed', () => {
    const card = cardWith({ funds_minor: 5_000 });
    expect(card.asks(0, 5_001).outcome).toBe('declined');
    card.hears(300, reversal(stamped(0)));
    expect(card.asks(600, 5_000)).toMatchObject({ outcome: 'approved', hold_minor: 5_000 });
    expect(card.money.held).toBe(5_000);
  });

  test('T3: an increment after our own expiry, by a network whose clock is behind', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.sample.card.expire(noonMs + 7 * dayMs);
    expect(card.money.held).toBe(0);
    card.asks(7 * dayMs + 1, 5_000, { ...increment, ...stamped(7 * dayMs - 2 * secondMs) });
    expect(card.money.held).toBe(5_000);
  });

  test('T3: an advice for an instant before our own expiry, which the card had not heard of', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.sample.card.expire(noonMs + 7 * dayMs);
    card.hears(7 * dayMs + 1, advice({ hold_minor: 2_000, ...stamped(7 * dayMs - 2 * secondMs) }));
    expect(card.money.held).toBe(2_000);
  });
});

describe('what names an authorization does not come before its beginning', () => {
  test.each([
    ['a full reversal', reversal(stamped(-1_500)), { held: 0, posted: 0 }],
    ['a final clearing', clearing({ amount_minor: 1_000, ...stamped(-1_500) }), { held: 0, posted: 1_000 }],
    ['an expiry', expiry(stamped(-1_500)), { held: 0, posted: 0 }],
    [
      'a clearing in part',
      clearing({ amount_minor: 400, final: false, ...stamped(-1_500) }),
      { held: 600, posted: 400 },
    ],
    ['a reversal in part', reversal({ amount_minor: 400, ...stamped(-1_500) }), { held: 600, posted: 0 }],
    ['an advice', advice({ hold_minor: 300, ...stamped(-1_500) }), { held: 300, posted: 0 }],
  ])('T4: %s stamped half a second before it', (_, message, money) => {
    for (const isFirst of [true, false]) {
      const card = cardWith();
      if (isFirst) card.hears(0, message);
      card.asks(0, 1_000, stamped(-1_000));
      if (!isFirst) card.hears(100, message);
      expect(card.money).toEqual(money);
    }
  });

  test.each<[first: string, asked: Partial<AuthorizationRequest>, approved: Partial<AuthorizationRequest>]>([
    ['a decline', { currency: 'EUR' }, {}],
    ['a verification', { kind: 'account_verification', amount_minor: 0 }, {}],
    ['a decline, then an increment', { currency: 'EUR' }, increment],
    ['nothing, then an increment', { amount_minor: 0 }, increment],
  ])('T4: nor where %s came before the approval', (_, asked, approved) => {
    for (const [message, posted] of [
      [reversal(stamped(3_500)), 0],
      [clearing({ amount_minor: 1_000, ...stamped(3_500) }), 1_000],
      [expiry(stamped(3_500)), 0],
    ] as const) {
      const card = cardWith();
      card.asks(0, 1_000, { ...stamped(-1_000), ...asked });
      card.asks(5_000, 1_000, { ...stamped(4_000), ...approved });
      card.hears(6_000, message);
      expect(card.money).toEqual({ held: 0, posted });
    }
  });

  const midnight = { occurred_at_ms: noonMs - 12 * hourMs };
  test.each([
    ['a final clearing', [clearing({ amount_minor: 1_000, ...midnight })], { held: 0, posted: 1_000 }],
    ['a clearing in part', [clearing({ amount_minor: 400, final: false, ...midnight })], { held: 600, posted: 400 }],
    [
      'a final clearing, after an advice of the day',
      [advice({ hold_minor: 700, ...stamped(hourMs) }), clearing({ amount_minor: 700, ...midnight })],
      { held: 0, posted: 700 },
    ],
    [
      'a final clearing, before the advice of the day arrives',
      [clearing({ amount_minor: 700, ...midnight }), advice({ hold_minor: 700, ...stamped(hourMs) })],
      { held: 0, posted: 700 },
    ],
    [
      'a refund',
      [clearing({ amount_minor: 1_000 }), refund({ amount_minor: 200, ...midnight })],
      { held: 0, posted: 800 },
    ],
  ])('T5: %s that is stamped by its date alone', (_, messages, money) => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    for (const [index, message] of messages.entries()) card.hears(5 * hourMs + index, message);
    expect(card.money).toEqual(money);
  });

  test('T5: a final clearing by its date alone covers an increment of that day', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.asks(hourMs, 500, { ...increment, ...stamped(hourMs) });
    card.hears(13 * hourMs, clearing({ amount_minor: 1_500, ...midnight }));
    expect(card.money).toEqual({ held: 0, posted: 1_500 });
  });

  test.each([
    ['a final clearing of both', 1_500, true, { held: 0, posted: 1_500 }],
    ['a clearing of both, not said to be the last', 1_500, false, { held: 0, posted: 1_500 }],
    [
      'a final clearing of the first alone: what is not surely of it stays held',
      1_000,
      true,
      { held: 500, posted: 1_000 },
    ],
  ])('T5: by a local date, that ends after 00:00 UTC: %s', (_, amount_minor, final, money) => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.asks(14 * hourMs, 500, { ...increment, ...stamped(14 * hourMs) });
    card.hears(40 * hourMs, clearing({ amount_minor, final, ...midnight }));
    expect(card.money).toEqual(money);
  });

  test('T5: by a local date, not beyond the end of that date in any time zone', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.asks(25 * hourMs, 500, { ...increment, ...stamped(25 * hourMs) });
    card.hears(40 * hourMs, clearing({ amount_minor: 1_500, ...midnight }));
    expect(card.money).toEqual({ held: 500, posted: 1_500 });
  });

  test.each([0, 3 * hourMs])(
    'T6: an increment without a stamp, then a full reversal by a clock behind ours',
    (heardMs) => {
      const card = cardWith();
      card.asks(0, 1_000, stamped(0));
      if (heardMs > 0) card.hears(heardMs, reversal({ amount_minor: 100, ...stamped(heardMs - 10_000) }));
      card.asks(heardMs + 10_000, 500, increment);
      card.hears(heardMs + 11_000, reversal(stamped(heardMs + 8_000)));
      expect(card.money.held).toBe(0);
    },
  );

  test('T6: a reversal of two days ago that arrives after it leaves the increment alone', () => {
    const card = cardWith();
    card.asks(0, 1_000, stamped(0));
    card.asks(3 * dayMs, 500, increment);
    card.hears(3 * dayMs + 1, reversal(stamped(dayMs)));
    expect(card.money.held).toBe(500);
  });
});

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, at) => permutations(values.toSpliced(at, 1)).map((rest) => [value, ...rest]));
}

describe('of one instant', () => {
  type Row = [what: string, messages: readonly CardMessage[], money: { held: number; posted: number }];
  const at = stamped(0);
  const part = (amount_minor: number) => clearing({ amount_minor, final: false, ...at });
  test.each<Row>([
    ['an advice and its clearing', [advice({ hold_minor: 4_000, ...at }), part(4_000)], { held: 0, posted: 4_000 }],
    [
      'an advice and a reversal in part',
      [advice({ hold_minor: 4_000, ...at }), reversal({ amount_minor: 1_000, ...at })],
      { held: 3_000, posted: 0 },
    ],
    ['an advice and a full reversal', [advice({ hold_minor: 4_000, ...at }), reversal(at)], { held: 0, posted: 0 }],
    [
      'two advices: the higher holds',
      [advice({ hold_minor: 4_000, ...at }), advice({ hold_minor: 6_000, ...at })],
      { held: 6_000, posted: 0 },
    ],
    [
      'a clearing and a reversal in part',
      [part(4_000), reversal({ amount_minor: 5_000, ...at })],
      { held: 1_000, posted: 4_000 },
    ],
    [
      'numbers decide: an advice after its clearing',
      [
        advice({ hold_minor: 4_000, order: 2, ...at }),
        clearing({ amount_minor: 4_000, final: false, order: 1, ...at }),
      ],
      { held: 4_000, posted: 4_000 },
    ],
    [
      'numbers decide against stamps',
      [advice({ hold_minor: 4_000, order: 7, ...stamped(-9_000) }), reversal({ order: 6, ...at }), part(500)],
      { held: 4_000, posted: 500 },
    ],
  ])('T7: %s, in every order of delivery, once and twice', (_, messages, money) => {
    for (const order of permutations([...messages, null])) {
      const card = cardWith();
      for (const [index, message] of [...order, ...order].entries()) {
        if (message === null && index < order.length) card.asks(100, 10_000, at);
        const message_key = `key-${messages.indexOf(message as CardMessage)}`;
        if (message !== null)
          card.sample.card.receive(
            { ...message, authorization_key: 'A', message_key } as CardMessage,
            noonMs + 200 + index,
          );
      }
      expect(card.money).toEqual(money);
    }
  });
});

describe('the card’s clock', () => {
  test('T8: follows back after a jump of 400 days, and counts it', () => {
    const { card } = new SampleCard(profile({ expires_at_ms: noonMs + 100 * dayMs }));
    const asks = (key: string, atMs: number) =>
      card.authorize(request({ request_key: key, authorization_key: key }), atMs);
    expect(asks('a', noonMs)).toMatchObject({ decision: { outcome: 'approved' } });
    expect(asks('b', noonMs + 400 * dayMs)).toMatchObject({ decision: { reason: 'card_expired' } });
    expect(asks('c', noonMs + 1)).toMatchObject({ decision: { outcome: 'approved' } });
    expect(card.now(noonMs + 2)).toBe(noonMs + 2);
    expect(card.clockStepsBack).toBe(1);
  });

  test('T8: a small step back is no reason to follow', () => {
    const { card, log } = new SampleCard(profile());
    card.authorize(request(), noonMs + hourMs);
    card.receive(clearing(), noonMs);
    expect(log.at(-1)?.at_ms).toBe(noonMs + hourMs);
    expect(card.clockStepsBack).toBe(0);
  });
});
