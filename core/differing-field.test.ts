// The name of the first field that differs; equal values have none.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differingField } from './differing-field.ts';

test.each([
  ['equal plain values', 1, 1, null],
  ['zero and the negative zero that JSON cannot keep', { a: 0 }, { a: -0 }, null],
  ['equal objects', { a: 1, b: { c: null } }, { a: 1, b: { c: null } }, null],
  ['objects whose fields stand in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, null],
  ['equal arrays', { a: [1, 2] }, { a: [1, 2] }, null],
  ['a field', { a: 1 }, { a: 2 }, 'a'],
  ['a field of a field', { a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, 'a.b.c'],
  ['the first of two fields', { a: 1, b: 1 }, { a: 2, b: 2 }, 'a'],
  ['a field that is gone', { a: 1, b: 1 }, { a: 1 }, 'b'],
  ['a field that is new', { a: 1 }, { a: 1, b: 1 }, 'b'],
  ['an element', { a: [1, 2] }, { a: [1, 3] }, 'a.1'],
  ['a longer array', { a: [1] }, { a: [1, 2] }, 'a.1'],
  ['null and nothing', { a: null }, {}, 'a'],
  ['null and an object', { a: null }, { a: {} }, 'a'],
  ['a number and its text', { a: 1 }, { a: '1' }, 'a'],
  ['an object and a plain value', { a: { b: 1 } }, { a: 1 }, 'a'],
  ['the whole', 1, 2, 'body'],
])('%s', (_, before, after, field) => {
  expect(differingField(before, after)).toBe(field);
});

test('any JSON value equals its own copy, and the order of its fields does not matter', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = JSON.parse(JSON.stringify(value), (_, inside: unknown) =>
        typeof inside === 'object' && inside !== null && !Array.isArray(inside)
          ? Object.fromEntries(Object.entries(inside).reverse())
          : inside,
      ) as unknown;
      // JSON has no minus zero, so a copy of it is another value.
      expect(differingField(JSON.parse(JSON.stringify(value)), copy)).toBeNull();
    }),
  );
});
