// What a limit counts for a request that adds to what is known, down to one minor unit: what two names have counted is one, and what
// was given back or is forgotten counts no longer.

import { describe, expect, test } from 'vitest';
import type { LimitControl } from '../../contracts/control.ts';
import { countingIds, hourMs, limitPerDay, noonMs } from '../testing/samples.ts';
import type { Portion } from '../windows/portions.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { amountIn, newCounter } from './counter.ts';

const dayMs = 24 * hourMs;
const ids = countingIds();
const portion = (held_minor: number, changes: Partial<Portion> = {}): Portion => ({
  ...{ kind: 'asked', given_at_ms: noonMs, window_at_ms: noonMs, held_minor, cleared_minor: 0 },
  ...changes,
});
function counting(portions: readonly Portion[], changes: Partial<Authorization> = {}): Authorization {
  const hold_minor = portions.reduce((sum, { held_minor }) => sum + held_minor, 0);
  const one = newAuthorization(ids().authorization_id, noonMs, 'USD');
  return { ...one, hold_minor, approved_minor: 1, portions, ...changes };
}
function counterOf(changes: Partial<LimitControl> = {}) {
  const counter = newCounter(limitPerDay(1_000, changes));
  if (counter === null) throw new Error('such a window counts');
  return counter;
}
const counted = (counter: ReturnType<typeof counterOf>, atMs = noonMs) => {
  const { amount_minor, count } = counter.countedFor(null, atMs, atMs);
  return [amount_minor, count];
};

test('refunds give back what was spent, and never more', () => {
  const spent = counting([portion(30)], { cleared_minor: 60, refunded_minor: 500 });
  expect([amountIn(spent, true), amountIn(spent, false)]).toEqual([0, 90]);
  expect(amountIn({ ...spent, refunded_minor: 89 }, true)).toBe(1);
});

describe('of a request that adds to', () => {
  const first = counting([portion(30)]);
  const second = counting([portion(50)]);
  const counter = counterOf();
  for (const one of [first, second, counting([portion(7)])]) counter.change(null, one);

  test('nothing, all that is counted is of others', () => {
    expect(counter.countedFor(null, noonMs, noonMs)).toEqual({ amount_minor: 87, count: 3, ownUses: 0 });
  });

  test('one authorization, its own use is in it', () => {
    const known = { authorization: first, parts: [first] };
    expect(counter.countedFor(known, noonMs, noonMs)).toEqual({ amount_minor: 87, count: 3, ownUses: 1 });
  });

  test('two that it joins, both count as the one that they will be', () => {
    const joined = counting([portion(60)]);
    const known = { authorization: joined, parts: [first, second] };
    expect(counter.countedFor(known, noonMs, noonMs)).toEqual({ amount_minor: 67, count: 2, ownUses: 1 });
  });

  test('two of which one counted yesterday', () => {
    const yesterday = { window_at_ms: noonMs - dayMs, given_at_ms: noonMs - dayMs };
    const joined = counting([portion(10, yesterday), portion(50)]);
    const known = { authorization: joined, parts: [counting([portion(10, yesterday)]), second] };
    expect(counter.countedFor(known, noonMs, noonMs)).toEqual({ amount_minor: 87, count: 3, ownUses: 1 });
  });
});

describe('what a limit counts of one authorization', () => {
  const isAdded = { kind: 'added' } as const;
  test.each<[what: string, authorization: Authorization, amountAndCount: [number, number]]>([
    ['nothing, of one that nothing is known of', counting([]), [0, 0]],
    ['a use, of which nothing is held any more', counting([portion(0)]), [0, 1]],
    ['one unit that was added, and the use', counting([portion(0), portion(1, isAdded)]), [1, 1]],
    ['no use, where none was approved or cleared', counting([portion(5)], { approved_minor: 0 }), [5, 0]],
    [
      'two portions less a refund, of which the older one gives back first',
      counting([portion(50), portion(50, isAdded)], { refunded_minor: 60 }),
      [40, 1],
    ],
    [
      'nothing, where more was refunded',
      counting([portion(50), portion(50, isAdded)], { refunded_minor: 160 }),
      [0, 1],
    ],
  ])('%s', (_, authorization, amountAndCount) => {
    const counter = counterOf({ refunds_give_back: true });
    counter.change(null, authorization);
    expect(counted(counter)).toEqual(amountAndCount);
    counter.change(authorization, counting([]));
    expect(counted(counter)).toEqual([0, 0]);
  });

  test('a refund gives back in the window of the older portion first', () => {
    const counter = counterOf({ refunds_give_back: true });
    const yesterday = { window_at_ms: noonMs - dayMs };
    counter.change(null, counting([portion(50, yesterday), portion(50)], { refunded_minor: 60 }));
    expect([counted(counter, noonMs - dayMs), counted(counter)]).toEqual([
      [0, 0],
      [40, 1],
    ]);
  });
});

describe('of what is dropped from memory', () => {
  test('a calendar’s sum stays until its window is over, and is forgotten then', () => {
    const counter = counterOf();
    const one = counting([portion(30)]);
    counter.change(null, one);
    counter.drop(one);
    expect([counted(counter), counter.keptIn(noonMs)]).toEqual([[30, 1], { amount_minor: 30, count: 1 }]);
    counter.forget(noonMs + dayMs);
    expect([counted(counter), counter.kept()]).toEqual([[0, 0], []]);
  });

  test('a rolling window keeps what any portion of still counts in it', () => {
    const rolling = counterOf({ window: { per: 'rolling', seconds: 60 } });
    const [old, young] = [
      portion(5, { given_at_ms: noonMs - dayMs }),
      portion(5, { given_at_ms: noonMs, kind: 'added' }),
    ];
    expect(rolling.needs(counting([old, young]), noonMs)).toBe(true);
    expect(rolling.needs(counting([old]), noonMs)).toBe(false);
    expect(counterOf().needs(counting([old, young]), noonMs)).toBe(false);
  });
});
