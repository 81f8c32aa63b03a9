// Codes and ranges as texts, checked against numbers.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers } from './covers.ts';

const numbers = fc.integer({ min: 0, max: 9999 });
const text = (number: number) => String(number).padStart(4, '0');

test('a code covers itself and nothing else', () => {
  fc.assert(
    fc.property(numbers, numbers, (one, other) => {
      expect(covers(text(one), text(one))).toBe(true);
      expect(covers(text(one), text(other))).toBe(one === other);
    }),
  );
});

test('a range covers both of its ends and what lies between', () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (one, other, code) => {
      const [from, to] = one <= other ? [one, other] : [other, one];
      const range = `${text(from)}-${text(to)}`;
      expect(covers(range, text(from)) && covers(range, text(to))).toBe(true);
      expect(covers(range, text(code))).toBe(from <= code && code <= to);
    }),
  );
});
