// Parts: all of the text, none above its bound, and no character cut in two.

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { partsOf } from './snapshot-parts.ts';

const usual = { ...limits };
Object.assign(limits, { snapshotPartLengthMax: 4 });
afterAll(() => void Object.assign(limits, usual));

test('any text: the parts are the whole of it, each within its bound and of whole characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), maxLength: 40 }), (text) => {
      const parts = partsOf(text);
      expect(parts.join('')).toBe(text);
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(limits.snapshotPartLengthMax);
        expect(part.length).toBeGreaterThan(0);
        expect(part.isWellFormed()).toBe(true);
      }
    }),
  );
});

test.each([
  ['as long as they may be', 'abcdefghi', ['abcd', 'efgh', 'i']],
  ['a character of two halves behind the bound, the first of them', 'abc\u{10000}d', ['abc', '\u{10000}d']],
  ['and the last of them', 'abc\u{10ffff}d', ['abc', '\u{10ffff}d']],
  ['one that ends at the bound', 'ab\u{10000}c', ['ab\u{10000}', 'c']],
])('parts: %s', (_, text, parts) => {
  expect(partsOf(text)).toEqual(parts);
});
