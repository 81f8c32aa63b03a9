// Amounts as Stripe counts them, which is not everywhere ISO 4217's way (docs.stripe.com/currencies, minor units and special
// cases). Exact or refused; nothing is rounded.

import { currencyExponent } from '../../contracts/money.ts';

/** Stripe has no decimals here, as ISO 4217. */
const withoutDecimals = new Set('BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF'.split(' '));
/** ISO 4217 has no decimals, and Stripe keeps two for compatibility: the last two digits are zeros. */
const twoForNone = new Set(['ISK', 'UGX']);
/** ISO 4217 has two decimals, and Stripe none. */
const noneForTwo = new Set(['MGA']);
/** Paid out in whole units only, though counted with two decimals. */
const wholePayouts = new Set(['HUF', 'TWD']);
/** Three decimals, of which the last is a zero. */
const threeDecimals = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** Null: Stripe cannot pay this amount in this currency. */
export function stripeAmount(amountMinor: bigint, currency: string, kind: 'transfer' | 'payout'): number | null {
  const amount = inStripeUnits(amountMinor, currency, kind);
  return amount === null || amount > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(amount);
}

function inStripeUnits(amountMinor: bigint, currency: string, kind: 'transfer' | 'payout'): bigint | null {
  if (twoForNone.has(currency)) return amountMinor * 100n;
  if (noneForTwo.has(currency)) return amountMinor % 100n === 0n ? amountMinor / 100n : null;
  if (threeDecimals.has(currency)) return amountMinor % 10n === 0n ? amountMinor : null;
  if (wholePayouts.has(currency) && kind === 'payout') return amountMinor % 100n === 0n ? amountMinor : null;
  if (withoutDecimals.has(currency)) return amountMinor;
  // What Stripe says nothing special of has two decimals there; where ISO 4217 disagrees, nobody should guess.
  return currencyExponent(currency) === 2 ? amountMinor : null;
}
