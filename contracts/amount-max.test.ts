// The largest amount that is believed, by currency: its default suits each currency's unit, and settings replace it.

import { expect, test } from 'vitest';
import { amountMaxMinor, readAmounts } from './amount-max.ts';
import { limits } from './limits.ts';

const none = new Map<string, number>();

test.each([
  ['USD', 1_000_000_000],
  ['EUR', 1_000_000_000],
  ['JPY', 1_000_000_000],
  ['KWD', 10_000_000_000],
  ['CLF', 100_000_000_000],
  ['IDR', 1_000_000_000_000],
  ['VND', 10_000_000_000],
])('X8: %s has a default of %d minor units', (currency, minor) => {
  expect(amountMaxMinor(currency, none)).toBe(minor);
});

test('a setting replaces it for its currency alone; none is above what any card payment may be', () => {
  const set = readAmounts('USD 5000.00', 'nothing to believe');
  if (typeof set === 'string') throw new Error(set);
  expect([amountMaxMinor('USD', set), amountMaxMinor('EUR', set)]).toEqual([500_000, 1_000_000_000]);
  for (const currency of ['IDR', 'IQD', 'CLF', 'VND'])
    expect(amountMaxMinor(currency, none)).toBeLessThanOrEqual(limits.amountMinorMax);
});
