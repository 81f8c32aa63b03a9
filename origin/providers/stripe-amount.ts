// Amounts as Stripe counts them, which is not everywhere ISO 4217's way (docs.stripe.com/currencies, minor units and special
// cases). Exact or refused; nothing is rounded.

import { currencyExponent } from '../../contracts/money.ts';
import { type AmountRule, largestPayable } from './payable.ts';

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

type Kind = 'transfer' | 'payout';

/** Null: Stripe does not pay in this currency, or nobody should guess how it counts it. */
export function stripeAmounts(currency: string, kind: Kind): AmountRule | null {
  const unit_minor = unitOf(currency, kind);
  if (unit_minor === null) return null;
  const max_minor = (BigInt(Number.MAX_SAFE_INTEGER) * minorFactor(currency)) / stripeFactor(currency);
  // Stripe's least payout depends on the country of the bank account, which it alone knows: it refuses what is below.
  return { unit_minor, min_minor: unit_minor, max_minor };
}

/** Null: Stripe cannot pay this amount in this currency. Exact or null; nothing is rounded. */
export function stripeAmount(amountMinor: bigint, currency: string, kind: Kind): number | null {
  const rule = stripeAmounts(currency, kind);
  if (rule === null || largestPayable(rule, amountMinor) !== amountMinor) return null;
  return Number((amountMinor * stripeFactor(currency)) / minorFactor(currency));
}

/** Digits, minor units by ISO 4217; null where the currency does not have that small a part. */
export function minorOfStripe(amount: number, currency: string): string | null {
  const code = currency.toUpperCase();
  const minor = BigInt(amount) * minorFactor(code);
  return minor % stripeFactor(code) === 0n ? String(minor / stripeFactor(code)) : null;
}

/** Stripe's units of one minor unit: 100 where it keeps two decimals for none. */
function stripeFactor(currency: string): bigint {
  return twoForNone.has(currency) ? 100n : 1n;
}

/** Minor units of one of Stripe's: 100 where it has none of our two decimals. */
function minorFactor(currency: string): bigint {
  return noneForTwo.has(currency) ? 100n : 1n;
}

/** The smallest step between two amounts that it pays, in minor units. */
function unitOf(currency: string, kind: Kind): bigint | null {
  if (twoForNone.has(currency) || withoutDecimals.has(currency)) return 1n;
  if (noneForTwo.has(currency) || (wholePayouts.has(currency) && kind === 'payout')) return 100n;
  if (threeDecimals.has(currency)) return 10n;
  // What Stripe says nothing special of has two decimals there; where ISO 4217 disagrees, nobody should guess.
  return currencyExponent(currency) === 2 ? 1n : null;
}
