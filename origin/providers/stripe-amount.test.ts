// Amounts as Stripe counts them.

import { expect, test } from 'vitest';
import { largestPayable } from './payable.ts';
import { minorOfStripe, stripeAmount, stripeAmounts } from './stripe-amount.ts';

test.each([
  [1_234n, 'EUR', 'payout', 1_234],
  [500n, 'JPY', 'transfer', 500],
  [500n, 'ISK', 'transfer', 50_000],
  [500n, 'UGX', 'transfer', 50_000],
  [500n, 'MGA', 'transfer', 5],
  [501n, 'MGA', 'transfer', null],
  [12_340n, 'KWD', 'transfer', 12_340],
  [12_345n, 'KWD', 'transfer', null],
  [10_000n, 'HUF', 'payout', 10_000],
  [10_001n, 'HUF', 'payout', null],
  [10_001n, 'HUF', 'transfer', 10_001],
  [1n, 'CLF', 'transfer', null],
  // ISO 4217's own code for no currency.
  [1n, 'XXX', 'transfer', null],
  [2n ** 60n, 'EUR', 'transfer', null],
] as const)('%s minor units of %s as a %s are %s to Stripe', (minor, currency, kind, amount) => {
  expect(stripeAmount(minor, currency, kind)).toBe(amount);
});

test.each([
  [150_050n, 'HUF', 'payout', 150_000n],
  [150_050n, 'HUF', 'transfer', 150_050n],
  [99n, 'TWD', 'payout', 0n],
  [150n, 'JPY', 'payout', 150n],
  [12_345n, 'KWD', 'payout', 12_340n],
  [501n, 'MGA', 'transfer', 500n],
  [7n, 'UGX', 'payout', 7n],
  [2n ** 60n, 'EUR', 'payout', BigInt(Number.MAX_SAFE_INTEGER)],
] as const)('P5: of %s minor units of %s a %s can be %s', (minor, currency, kind, largest) => {
  const rule = stripeAmounts(currency, kind);
  expect(rule && largestPayable(rule, minor)).toBe(largest);
});

test.each([
  [50_000, 'isk', '500'],
  [50_001, 'isk', null],
  [5, 'mga', '500'],
  [1_234, 'eur', '1234'],
] as const)("%s of Stripe's units of %s are %s minor units", (amount, currency, minor) => {
  expect(minorOfStripe(amount, currency)).toBe(minor);
});
