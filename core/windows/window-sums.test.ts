// The sums by themselves: whatever is added and taken back, in any order, and from wherever one looks, they are what adding up
// everything from the start would give. Instants are few and small, so that equal ones and bounds that are met exactly abound.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hourMs, noonMs } from '../testing/samples.ts';
import { CalendarSums, type CountsAt, RollingSums } from './window-sums.ts';

const at = (atMs: number): CountsAt => ({ given_at_ms: atMs, window_at_ms: atMs });
const secondMs = 1_000;

interface Added {
  readonly atMs: number;
  readonly amount_minor: number;
  readonly count: number;
}

function sumOf(added: readonly Added[]) {
  const sum = { amount_minor: 0, count: 0 };
  for (const { amount_minor, count } of added) {
    sum.amount_minor += amount_minor;
    sum.count += count;
  }
  return sum;
}

describe('a rolling window of 3 s', () => {
  const turn = fc.record({
    atMs: fc.nat(6).map((second) => second * secondMs),
    amount_minor: fc.nat(3),
    count: fc.nat(1),
    lookAtMs: fc.nat(10).map((second) => second * secondMs),
    takesBack: fc.boolean(),
  });

  test('holds what is after its start, however it came about', () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 25 }), (turns) => {
        const sums = new RollingSums(3);
        let added: Added[] = [];
        for (const { lookAtMs, takesBack, ...add } of turns) {
          sums.add(at(add.atMs), add);
          added.push(add);
          const [first] = added;
          if (takesBack && first !== undefined) {
            sums.add(at(first.atMs), { amount_minor: -first.amount_minor, count: -first.count });
            added = added.slice(1);
          }
          const startMs = lookAtMs - 3 * secondMs;
          const inside = added.filter(({ atMs }) => atMs > startMs);
          expect(sums.countedIn(lookAtMs, lookAtMs)).toEqual(sumOf(inside));
          for (const { atMs } of added) expect(sums.isIn(at(atMs), lookAtMs, lookAtMs)).toBe(atMs > startMs);
        }
      }),
    );
  });

  test('says when its oldest leaves, of what still counts for anything', () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 25 }), (turns) => {
        const sums = new RollingSums(3);
        const byInstant = new Map<number, Added>();
        for (const { lookAtMs, ...add } of turns) {
          sums.add(at(add.atMs), add);
          const before = byInstant.get(add.atMs);
          byInstant.set(add.atMs, { atMs: add.atMs, ...sumOf(before === undefined ? [add] : [before, add]) });
          const startMs = lookAtMs - 3 * secondMs;
          const counting = [...byInstant.values()].filter(
            ({ atMs, amount_minor, count }) => atMs > startMs && (amount_minor !== 0 || count !== 0),
          );
          const oldestMs = counting.length === 0 ? lookAtMs : Math.min(...counting.map(({ atMs }) => atMs));
          expect(sums.spanAt(lookAtMs)).toEqual({ start_ms: startMs, end_ms: oldestMs + 3 * secondMs });
        }
      }),
    );
  });

  test('goes by when something was given, not by the window that a calendar puts it in', () => {
    const sums = new RollingSums(3);
    sums.add({ given_at_ms: noonMs, window_at_ms: noonMs - hourMs }, { amount_minor: 5, count: 1 });
    expect(sums.countedIn(noonMs, noonMs + 1)).toEqual({ amount_minor: 5, count: 1 });
    expect(sums.isIn({ given_at_ms: noonMs - hourMs, window_at_ms: noonMs }, noonMs, noonMs)).toBe(false);
  });
});

describe('windows of a calendar', () => {
  const dayMs = 24 * hourMs;
  const midnightMs = noonMs - 12 * hourMs;
  const perDay = () => new CalendarSums({ per: 'day', time_zone: 'UTC' });
  const one = { amount_minor: 7, count: 1 };

  test('sum what lies in the same one, whatever it was given by', () => {
    const sums = perDay();
    sums.add({ window_at_ms: midnightMs }, one);
    sums.add({ window_at_ms: midnightMs + dayMs - 1 }, { amount_minor: -2, count: 2 });
    sums.add({ window_at_ms: midnightMs + dayMs }, one);
    expect(sums.countedIn(noonMs)).toEqual({ amount_minor: 5, count: 3 });
    expect(sums.countedIn(noonMs + dayMs)).toEqual(one);
    expect(sums.countedIn(noonMs - dayMs)).toEqual({ amount_minor: 0, count: 0 });
    expect(sums.all()).toEqual([
      [midnightMs, 5, 3],
      [midnightMs + dayMs, 7, 1],
    ]);
  });

  test('answer alike however often they were asked before', () => {
    const turn = fc.record({
      atMs: fc.integer({ min: -2, max: 2 }).map((day) => noonMs + day * dayMs),
      lookAtMs: fc.integer({ min: -30, max: 30 }).map((hours) => noonMs + hours * hourMs),
      forgets: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 12 }), (turns) => {
        const sums = perDay();
        let added: number[] = [];
        for (const { atMs, lookAtMs, forgets } of turns) {
          const start = Math.floor(lookAtMs / dayMs) * dayMs;
          const counted = () =>
            sumOf(added.filter((ms) => ms >= start && ms < start + dayMs).map(() => ({ atMs, ...one })));
          // Asked twice: the second answer comes from the first.
          for (const _ of [1, 2]) expect(sums.countedIn(lookAtMs)).toEqual(counted());
          sums.add({ window_at_ms: atMs }, one);
          added.push(atMs);
          expect(sums.countedIn(lookAtMs)).toEqual(counted());
          if (!forgets) continue;
          sums.forgetBefore(midnightMs);
          added = added.filter((ms) => ms >= midnightMs);
          expect(sums.countedIn(lookAtMs)).toEqual(counted());
        }
      }),
    );
  });

  test('keep a sum of their own, not the one that was handed in', () => {
    const sums = perDay();
    const handed = { ...one };
    sums.add({ window_at_ms: noonMs }, handed);
    sums.add({ window_at_ms: noonMs }, handed);
    expect(handed).toEqual(one);
    expect(sums.countedIn(noonMs)).toEqual({ amount_minor: 14, count: 2 });
  });

  test('are over at midnight, and forgotten when they are over, no sooner', () => {
    const sums = perDay();
    for (const day of [-1, 0, 1]) sums.add({ window_at_ms: noonMs + day * dayMs }, one);
    sums.forgetBefore(midnightMs);
    expect(sums.all()).toEqual([
      [midnightMs, 7, 1],
      [midnightMs + dayMs, 7, 1],
    ]);
    expect(sums.isIn(at(midnightMs - 1), noonMs)).toBe(false);
    expect(sums.isIn(at(midnightMs), noonMs)).toBe(true);
  });

  test('have an end, unless it is the whole life of the card', () => {
    expect(perDay().spanAt(noonMs)).toEqual({ start_ms: midnightMs, end_ms: midnightMs + dayMs });
    expect(new CalendarSums({ per: 'lifetime' }).spanAt(noonMs)).toBeNull();
  });
});
