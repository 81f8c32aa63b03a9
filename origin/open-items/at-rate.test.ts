// Conversions against figures worked out by hand, and against fractions of whole numbers for any others.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atRate, rateSchema } from './at-rate.ts';

test.each([
  [900, 'EUR', 'USD', '1.0945', 985n],
  [900, 'EUR', 'USD', '1.095', 986n],
  [900, 'EUR', 'USD', '1', 900n],
  [50_000, 'JPY', 'USD', '0.00675', 33_750n],
  [100, 'USD', 'JPY', '149.5', 150n],
  [100, 'USD', 'JPY', '149.499999999999', 149n],
  [1_234, 'USD', 'KWD', '0.3075', 3_795n],
  [1, 'KWD', 'JPY', '0.5', 0n],
  [1_000_000_000_000, 'EUR', 'USD', '1.000000000001', 1_000_000_000_001n],
])('%d %s in %s at %s is %d', (amount_minor, from, to, rate, expected) => {
  expect(atRate({ amount_minor, from, to, rate })).toBe(expected);
});

test('the result is never half a minor unit or more away', () => {
  const exponent = fc.constantFrom<[string, number]>(['JPY', 0], ['USD', 2], ['KWD', 3], ['CLF', 4]);
  fc.assert(
    fc.property(
      fc.nat(1_000_000_000_000),
      exponent,
      exponent,
      fc.nat(10 ** 9),
      (amount_minor, [from, a], [to, b], millionths) => {
        const rate = `${Math.floor(millionths / 1_000_000)}.${String(millionths % 1_000_000).padStart(6, '0')}`;
        const scale = 10n ** BigInt(a) * 1_000_000n;
        const exact = BigInt(amount_minor) * BigInt(millionths) * 10n ** BigInt(b);
        const error = 2n * (atRate({ amount_minor, from, to, rate }) * scale - exact);
        expect(error > -scale && error <= scale).toBe(true);
      },
    ),
  );
});

test.each(['', '0', '0.000', '-1', '1e3', '1,5', '.5', '1.', '01', '1.1234567890123', ' 1', 'NaN'])(
  '%j is no rate',
  (rate) => {
    expect(rateSchema.safeParse(rate).success).toBe(false);
  },
);
