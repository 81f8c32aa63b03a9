// Keys that networks choose: taken as they are, bounded, and safe to put into a name.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { cardKey, cardKeySchema, networkKeySchema, networksByDefault, splitCardKey } from './network.ts';

const tokens = fc.stringMatching(/^[\x21-\x7e]{1,60}$/);

describe('a network key', () => {
  test.each([
    'a',
    '~',
    'card_1',
    'a:b',
    '00000000-0000-4000-8000-000000000001',
    'x'.repeat(limits.networkKeyLengthMax),
  ])('may be %s', (key) => {
    expect(networkKeySchema.parse(key)).toBe(key);
  });

  test.each<[why: string, key: unknown]>([
    ['empty', ''],
    ['too long', 'x'.repeat(limits.networkKeyLengthMax + 1)],
    ['with a space', 'a b'],
    ['with a line break', 'a\n'],
    ['with a control character', 'a\u0000'],
    ['beyond ASCII', 'ä'],
    ['a number', 1],
  ])('may not be %s', (_, key) => {
    expect(networkKeySchema.safeParse(key).success).toBe(false);
  });
});

describe("a card's key", () => {
  test('comes apart into what it was made of, colons in the token included', () => {
    fc.assert(
      fc.property(fc.constantFrom(...networksByDefault), tokens, (network, cardToken) => {
        const key = cardKey(network, cardToken);
        expect(cardKeySchema.parse(key)).toBe(key);
        expect(splitCardKey(key)).toEqual({ network, cardToken });
      }),
    );
  });

  test.each([
    '',
    'marqeta',
    'marqeta:',
    ':card_1',
    'visa-debit:card_1',
    'Marqeta:card_1',
    '9net:card_1',
    `${'n'.repeat(32)}:card_1`,
    'marqeta:a b',
    'marqeta:a\n',
  ])('may not be %j', (key) => {
    expect(cardKeySchema.safeParse(key).success).toBe(false);
  });

  test('has the bound of its token', () => {
    const bounded = (length: number) => cardKeySchema.safeParse(`native:${'x'.repeat(length)}`).success;
    expect(bounded(limits.networkKeyLengthMax)).toBe(true);
    expect(bounded(limits.networkKeyLengthMax + 1)).toBe(false);
  });
});
