import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from './fold.ts';

test.each([
  ['M1: padding', 'BADSHOP', 'BADSHOP        '],
  ['repeated spaces', 'ACME STORE', ' ACME    STORE'],
  ['spaces of other kinds', 'ACME STORE', '\u00a0ACME\u3000\tSTORE\u2009'],
  ['case', 'BadShop', 'bADsHOP'],
  ['full width', 'BADSHOP 24', 'ＢＡＤＳＨＯＰ　２４'],
  ['an accent as one sign or two', 'CAFÉ', 'cafe\u0301'],
  ['ligatures', 'OFFICE', 'oﬃce'],
  ['sharp s', 'STRASSE', 'straße'],
  ['capital sharp s', 'STRASSE', 'STRAẞE'],
  ['Turkish dotted capital', 'istanbul', 'İSTANBUL'],
  ['the same of two signs', 'istanbul', 'I\u0307STANBUL'],
  ['Turkish dotless small', 'ISPARTA', 'ısparta'],
  ['final sigma', 'ΟΔΟΣ', 'οδος'],
  ['a sigma within', 'ΟΔΟΣ ΣΟΦΟΣ', 'οδοσ σοφος'],
  ['iota below', 'ᾳ', 'ΑΙ'],
  ['Kelvin and Ångström', 'KÅ', '\u212a\u212b'],
  ['zero-width space, joiner, soft hyphen', 'BADSHOP', 'BAD\u200bS\u200dH\u00adOP'],
  ['a mark of direction, a byte order mark', 'BADSHOP', '\u202eBAD\ufeffSHOP'],
  ['variation selectors and fillers', 'BADSHOP', 'BAD\ufe0fSHOP\u3164'],
  ['a combining joiner', 'BADSHOP', 'BAD\u034fSHOP'],
  ['NUL and half a character', 'BADSHOP', 'BAD\u0000SH\ud83dOP'],
])('%s makes no difference', (_, one, other) => {
  expect(fold(one)).toBe(fold(other));
});

test.each([
  ['CAFE', 'CAFÉ'],
  ['AB', 'A B'],
  ['ΑΒ', 'AB'],
])('%s and %s are two names', (one, other) => {
  expect(fold(one)).not.toBe(fold(other));
});

test('what is folded folds to itself, and upper and lower case of it are one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fold(fold(text))).toBe(fold(text));
    }),
  );
});
