import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdsCardNumber, isCardLikeNumber } from './card-numbers/card-numbers.ts';
import { evidenceOf } from './evidence.ts';
import { limits } from './limits.ts';

const card = '4111111111111111';
const identifiers = new Set(['mid', 'token']);
const shown = (value: unknown) => JSON.parse(evidenceOf(value, identifiers));

test('card numbers are masked in texts, numbers and names; identifiers stay', () => {
  expect(
    shown({ name: `x ${card}`, number: Number(card), [card]: 1, mid: card, tokens: [card], token: [card] }),
  ).toEqual({
    name: 'x ****************',
    number: '****************',
    '****************': 1,
    mid: card,
    tokens: ['****************'],
    token: [card],
  });
});

test('a list of the groups of a card number is masked', () => {
  const groups = ['4111', 1111, '1111', '1111'];
  expect(shown({ lines: [...groups], mid: groups })).toEqual({ lines: ['****', '****', '****', '****'], mid: groups });
});

test('what is in a field made for card data is masked whole', () => {
  expect(shown({ CVV2: 123, pin_block: 'x', pan: { deep: card } })).toEqual({
    CVV2: '***',
    pin_block: '***',
    pan: '***',
  });
});

test('what a database cannot hold is written out', () => {
  expect(shown({ name: 'a\u0000b\ud83d' })).toEqual({ name: 'a[U+0000]b[U+D83D]' });
});

test('what nests too deep, has too many items or is too long is cut, and is JSON still', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 50_000; level++) deep = [deep];
  expect(evidenceOf(deep, identifiers).length).toBeLessThan(100);
  expect(shown(Array.from({ length: 5_000 }, (_, index) => index))).toHaveLength(201);
  expect(shown('x'.repeat(5_000))).toHaveLength(2_001);
  const long = evidenceOf(
    Array.from({ length: 200 }, () => '"'.repeat(2_000)),
    identifiers,
  );
  expect(long.length).toBeLessThanOrEqual(limits.evidenceLengthMax);
  expect(JSON.parse(long)).toHaveProperty('beginning');
});

test('of any JSON at all: valid, bounded, well-formed, without a card number in a text', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(card), fc.constant(`a${card}b`));
  const json = fc.letrec((tie) => ({
    any: fc.oneof(text, fc.double(), fc.constant(null), fc.array(tie('any')), fc.dictionary(text, tie('any'))),
  })).any;
  fc.assert(
    fc.property(json, (value) => {
      const kept = evidenceOf(value, new Set());
      expect(kept.length).toBeLessThanOrEqual(limits.evidenceLengthMax);
      expect(kept).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      // Part by part: a number with a fraction is no card number, whatever its digits.
      JSON.parse(kept, (name, part: unknown) => {
        expect(holdsCardNumber(name) || (typeof part === 'string' && holdsCardNumber(part))).toBe(false);
        expect(typeof part === 'number' && isCardLikeNumber(part)).toBe(false);
        return part;
      });
      JSON.parse(kept);
    }),
  );
});
