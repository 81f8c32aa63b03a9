// Amounts as Stripe counts them.

import { expect, test } from 'vitest';
import { stripeAmount } from './stripe-amount.ts';

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
