// Money: conversions between text and minor units are exact or refused, for every currency, against a model in BigInt.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import {
  amountMinorSchema,
  currencyExponent,
  currencyFromCode,
  currencyFromNumber,
  currencySchema,
  decimalTextFromMinor,
  minorFromDecimalText,
} from './money.ts';

const byExponent = { 0: 'JPY', 2: 'USD', 3: 'KWD', 4: 'CLF' } as const;
const someCurrency = fc.constantFrom(...Object.values(byExponent));
const someAmount = fc.integer({ min: 0, max: limits.amountMinorMax });

describe('currencies', () => {
  test.each([
    ['USD', 2],
    ['EUR', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['ISK', 0],
    ['HUF', 2],
    ['BHD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['UYW', 4],
    ['usd', undefined],
    ['DEM', undefined],
    // ISO 4217's own code for no currency.
    ['XXX', undefined],
    ['', undefined],
  ])('%s has exponent %s', (code, exponent) => {
    expect(currencyExponent(code)).toBe(exponent);
    expect(currencySchema.safeParse(code).success).toBe(exponent !== undefined);
  });

  test.each([
    ['840', 'USD'],
    ['978', 'EUR'],
    ['036', 'AUD'],
    ['392', 'JPY'],
    ['414', 'KWD'],
    ['532', 'XCG'],
    ['36', null],
    ['999', null],
    ['USD', null],
    ['', null],
  ])('the number %s is %s', (number, letters) => {
    expect(currencyFromNumber(number)).toBe(letters);
  });

  test.each([
    ['USD', 'USD'],
    ['usd', 'USD'],
    ['840', 'USD'],
    ['36', 'AUD'],
    ['8', 'ALL'],
    ['999', null],
    ['USDT', null],
    ['', null],
  ])('the code %s of either form is %s', (code, letters) => {
    expect(currencyFromCode(code)).toBe(letters);
  });

  test('the table holds most of what the platform ever named a currency, and nothing made up', () => {
    const known = Intl.supportedValuesOf('currency');
    const held = known.filter((code) => currencyExponent(code) !== undefined);
    expect(held.length).toBeGreaterThan(150);
    expect(known.filter((code) => /^X[TX]/.test(code) && currencyExponent(code) !== undefined)).toEqual([]);
  });
});

describe('minor units from a decimal text', () => {
  const tooFine = /has more decimals than/;
  const noNumber = /is not a decimal number/;
  const tooLarge = /is larger than any card payment/;

  test.each<[text: string, currency: string, expected: number | RegExp]>([
    ['12.34', 'USD', 1234],
    ['10', 'USD', 1000],
    ['10.0', 'USD', 1000],
    ['1.9', 'USD', 190],
    ['0', 'USD', 0],
    ['0.00', 'USD', 0],
    ['00012.30', 'USD', 1230],
    // What a double gets wrong: 1.005 * 100, 0.1 + 0.2, 4.35 * 100, 1.15 * 100.
    ['0.3', 'USD', 30],
    ['4.35', 'USD', 435],
    ['1.15', 'USD', 115],
    ['8.29', 'USD', 829],
    ['0.30000000000000004', 'USD', tooFine],
    ['1.005', 'USD', tooFine],
    ['1.005', 'KWD', 1005],
    // JSON numbers may come with an exponent.
    ['1e2', 'USD', 10_000],
    ['1E2', 'USD', 10_000],
    ['1.5e+1', 'USD', 1500],
    ['1234e-2', 'USD', 1234],
    ['1e-2', 'USD', 1],
    ['1e-3', 'USD', tooFine],
    ['10e-3', 'USD', 1],
    ['0e99', 'USD', 0],
    ['0e-99', 'USD', 0],
    // Zeros past what the currency holds are no decimals.
    ['12.3400000', 'USD', 1234],
    ['12.000', 'JPY', 12],
    ['12', 'JPY', 12],
    ['12.5', 'JPY', tooFine],
    ['0.001', 'USD', tooFine],
    ['0.001', 'KWD', 1],
    ['0.0001', 'CLF', 1],
    ['0.00001', 'CLF', tooFine],
    ['10000000000', 'USD', limits.amountMinorMax],
    ['10000000000.01', 'USD', tooLarge],
    ['90071992547409.91', 'USD', tooLarge],
    ['90071992547409.93', 'USD', tooLarge],
    ['1e99', 'JPY', tooLarge],
    ['-1', 'USD', /is negative/],
    ['-0', 'USD', /is negative/],
    ['', 'USD', noNumber],
    [' 1', 'USD', noNumber],
    ['1 ', 'USD', noNumber],
    ['+1', 'USD', noNumber],
    ['1.', 'USD', noNumber],
    ['.5', 'USD', noNumber],
    ['1,50', 'USD', noNumber],
    ['1_000', 'USD', noNumber],
    ['0x10', 'USD', noNumber],
    ['NaN', 'USD', noNumber],
    ['Infinity', 'USD', noNumber],
    ['1e100', 'USD', noNumber],
    ['1e', 'USD', noNumber],
    ['１２', 'USD', noNumber],
    ['1\n', 'USD', noNumber],
    ['0.0000000000000000000000001', 'USD', noNumber],
    // ISO 4217's own code for no currency: a code, and none to pay in.
    ['1', 'XXX', /XXX is not an ISO 4217/],
  ])('%s %s is %s', (text, currency, expected) => {
    const minor = minorFromDecimalText(text, currency);
    if (expected instanceof RegExp) expect(minor).toEqual({ problem: expect.stringMatching(expected) });
    else expect(minor).toBe(expected);
  });

  test('text and minor units are one to one, for every exponent', () => {
    fc.assert(
      fc.property(someAmount, someCurrency, (minor, currency) => {
        expect(minorFromDecimalText(decimalTextFromMinor(minor, currency), currency)).toBe(minor);
      }),
    );
  });

  test('agrees with a model in BigInt on 10,000 texts, good and bad', () => {
    const digits = (lengthMax: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${lengthMax}}$`));
    const decimal = fc
      .tuple(fc.constantFrom('', '-'), digits(14), fc.option(digits(6)), fc.option(fc.integer({ min: -8, max: 8 })))
      .map(([sign, whole, fraction, power]) => {
        const exponent = power === null ? '' : `e${power}`;
        return `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent}`;
      });
    const noise = fc.string({ maxLength: 8, unit: fc.constantFrom(...'0123456789.eE+- ,') });
    fc.assert(
      fc.property(fc.oneof(decimal, noise), someCurrency, (text, currency) => {
        const minor = minorFromDecimalText(text, currency);
        expect(typeof minor === 'number' ? minor : null).toBe(modelMinor(text, currencyExponent(currency) ?? 0));
      }),
      { numRuns: 10_000 },
    );
  });
});

/** The same question asked of whole fractions: numerator over a power of ten, so that nothing can round. */
function modelMinor(text: string, exponent: number): number | null {
  const match = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d\d?))?$/.exec(text);
  if (match === null || text.length > 24) return null;
  const [, whole = '', fraction = '', power = '0'] = match;
  const scale = 120n;
  const numerator = BigInt(whole + fraction) * 10n ** (scale + BigInt(Number(power) + exponent - fraction.length));
  const one = 10n ** scale;
  if (numerator % one !== 0n || numerator / one > BigInt(limits.amountMinorMax)) return null;
  return Number(numerator / one);
}

describe('decimal text from minor units', () => {
  test.each<[minor: number, currency: string, text: string]>([
    [1200, 'USD', '12.00'],
    [5, 'USD', '0.05'],
    [0, 'USD', '0.00'],
    [-1234, 'USD', '-12.34'],
    [12, 'JPY', '12'],
    [-5, 'KWD', '-0.005'],
    [1, 'CLF', '0.0001'],
    [Number.MAX_SAFE_INTEGER, 'USD', '90071992547409.91'],
  ])('%s %s is %s', (minor, currency, text) => {
    expect(decimalTextFromMinor(minor, currency)).toBe(text);
  });

  test('has exactly the decimals that the currency has', () => {
    fc.assert(
      fc.property(someAmount, someCurrency, (minor, currency) => {
        const [, decimals = ''] = decimalTextFromMinor(minor, currency).split('.');
        expect(decimals).toHaveLength(currencyExponent(currency) ?? -1);
      }),
    );
  });

  test('what is no amount throws, naming it', () => {
    // ISO 4217's own code for no currency.
    expect(() => decimalTextFromMinor(1, 'XXX')).toThrow('XXX');
    for (const minor of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      expect(() => decimalTextFromMinor(minor, 'USD')).toThrow(String(minor));
  });
});

describe('an amount', () => {
  test.each([0, 1, limits.amountMinorMax])('may be %s', (minor) => {
    expect(amountMinorSchema.parse(minor)).toBe(minor);
  });

  test.each([-1, 1.5, limits.amountMinorMax + 1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, null])(
    'may not be %s',
    (minor) => {
      expect(amountMinorSchema.safeParse(minor).success).toBe(false);
    },
  );
});
