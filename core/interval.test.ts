// What is covered by several ranges together, against looking at each number.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, type Interval } from './interval.ts';

const intervals = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 5 }))
    .map(([from, more]): Interval => [from, from + more]),
  { maxLength: 5 },
);

test('nothing is outside exactly where every number is inside', () => {
  fc.assert(
    fc.property(intervals, intervals, (covering, covered) => {
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      const within = (all: readonly Interval[], number: number) =>
        all.some(([from, until]) => from <= number && number <= until);
      const slowly = numbers.every((number) => !within(covered, number) || within(covering, number));
      expect(covers(covering, covered)).toBe(slowly);
    }),
    { numRuns: 1_000 },
  );
});

test('an open end is covered by an open end alone', () => {
  expect(covers([[0, Number.POSITIVE_INFINITY]], [[5, Number.POSITIVE_INFINITY]])).toBe(true);
  expect(covers([[0, 1_000]], [[5, Number.POSITIVE_INFINITY]])).toBe(false);
  expect(covers([[Number.NEGATIVE_INFINITY, 4]], [[Number.NEGATIVE_INFINITY, 5]])).toBe(false);
});
