// Which accounts can be paid to.

import { describe, expect, test } from 'vitest';
import { bankAccountSchema, problemOfBic, problemOfIban } from './bank-account.ts';
import { plainText, plainTextOrDots } from './plain-text.ts';

describe('IBAN', () => {
  // The registry's own examples.
  test.each([
    'DE89370400440532013000',
    'FR1420041010050500013M02606',
    'GB29NWBK60161331926819',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
    'CH9300762011623852957',
    'KW81CBKU0000000000001234560101',
    'BE68539007547034',
    'NL91ABNA0417164300',
    'SA0380000000608010167519',
  ])('%s is one', (iban) => {
    expect(problemOfIban(iban)).toBeNull();
  });

  test.each([
    ['DE89370400440532013001', /check digits/],
    ['DE98370400440532013000', /check digits/],
    ['DE8937040044053201300', /21 characters/],
    ['DE893704004405320130000', /23 characters/],
    ['US89370400440532013000', /no IBAN/],
    ['de89370400440532013000', /upper case/],
    ['DE89 3704 0044 0532 0130 00', /without spaces/],
    ['DE8937040044053201300O', /check digits/],
    ['', /not an IBAN/],
    ['DE89<!--', /not an IBAN/],
  ])('%j is none', (iban, problem) => {
    expect(problemOfIban(iban)).toMatch(problem);
  });

  test('two digits in the wrong order are found', () => {
    const iban = 'DE89370400440532013000';
    for (let at = 4; at < iban.length - 1; at += 1) {
      const [left, right] = [iban[at], iban[at + 1]];
      if (left === right) continue;
      expect(problemOfIban(iban.slice(0, at) + right + left + iban.slice(at + 2))).not.toBeNull();
    }
  });
});

test.each([
  ['COBADEFF', true],
  ['COBADEFFXXX', true],
  ['COBADEF', false],
  ['COBADEFFXX', false],
  ['COBA1EFF', false],
  ['cobadeff', false],
])('BIC %s: %s', (bic, isOne) => {
  expect(problemOfBic(bic) === null).toBe(isOne);
});

test.each([
  ['Café Müller & Söhne', 'Cafe Muller + Sohne'],
  ['Łódź Straße', 'Lodz Strasse'],
  ['  two   words ', 'two words'],
  ['株式会社', null],
  ['a<b>', null],
])('the name %j is carried as %j', (name, carried) => {
  expect(plainText(name)).toBe(carried);
});

test('a reference loses what banks do not carry, and stays', () => {
  expect(plainTextOrDots('Rechnung №7 <b> 🎉')).toBe('Rechnung No7 .b. .');
});

test.each([
  [{ name: 'Merchant', iban: 'DE89370400440532013000' }, true],
  [{ name: 'Merchant', iban: 'DE89370400440532013000', bic: 'COBADEFF' }, true],
  [{ name: '', iban: 'DE89370400440532013000' }, false],
  [{ name: '   ', iban: 'DE89370400440532013000' }, false],
  [{ name: 'x'.repeat(71), iban: 'DE89370400440532013000' }, false],
  [{ name: 'Merchant', iban: 'DE89370400440532013000', bic: 'X' }, false],
  [{ name: 'Merchant', iban: 'DE89370400440532013000', pan: '4111' }, false],
  [{ name: 'Merchant' }, false],
])('%j: %s', (account, isOne) => {
  expect(bankAccountSchema.safeParse(account).success).toBe(isOne);
});
