// The largest amount that is believed without a person: what a network says above it is far more likely a mistake or an attack than
// a purchase. Example: a clearing of 1,000,000,000,000 minor units, ten billion dollars.

import { limits } from './limits.ts';
import { currencyExponent, minorFromDecimalText } from './money.ts';

/** Minor units by currency. */
export type Amounts = ReadonlyMap<string, number>;

export const amountsForm = 'must be pairs of a currency and an amount in major units, such as USD 50.00 EUR 45.00';

/** As a person writes one: `1e3` and `0100` are a slip, and read in two ways. */
const written = /^-?(?!0\d)\d+(\.\d+)?$/;

/** Amounts as settings have them, or what is wrong with them: the text itself is never repeated. */
export function readAmounts(text: string, nothing: string): Amounts | string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const amounts = new Map<string, number>();
  for (let index = 0; index < words.length; index += 2) {
    const [currency = '', amount = ''] = words.slice(index, index + 2);
    if (currencyExponent(currency) === undefined) return amountsForm;
    const minor = minorFromDecimalText(written.test(amount) ? amount : '', currency);
    if (typeof minor !== 'number') return `${amountsForm}: the amount of ${currency} ${minor.problem}`;
    if (minor === 0) return `names ${currency} with ${nothing}: leave it out`;
    if (amounts.has(currency)) return `names ${currency} twice`;
    amounts.set(currency, minor);
  }
  return amounts;
}

/** Currencies of which a US dollar buys about a hundred units or more (rates of 2026). Their amounts have more digits. */
const smallUnits = new Set(
  (
    'ALL AMD AOA ARS CDF COP CRC DZD ETB GYD HUF IDR IQD IRR JMD KES KHR KZT LAK LBP LKR LRD MGA MKD MMK MNT MWK MZN ' +
    'NGN NPR PKR RSD SDG SLE SOS SSP STN SYP TZS UZS VND VES YER ZWG ISK KRW GNF PYG RWF BIF UGX XAF XOF'
  ).split(' '),
);

/** Ten million units, or their like: no card payment that a program of ours is made for comes near. */
const majorMax = 10_000_000;

/**
 * Minor units of `currency` beyond which a person decides, where no setting says otherwise: 10,000,000.00 USD or EUR, 1,000,000,000 JPY,
 * 10,000,000.000 KWD, 10,000,000,000.00 IDR.
 */
export function amountMaxMinor(currency: string, settings: Amounts): number {
  const set = settings.get(currency);
  if (set !== undefined) return set;
  const exponent = currencyExponent(currency) ?? 0;
  // Currencies without decimals have units of about a cent, and smaller ones.
  const units = smallUnits.has(currency) ? 1_000 : exponent === 0 ? 100 : 1;
  return Math.min(majorMax * units * 10 ** exponent, limits.amountMinorMax);
}

/**
 * What passes without a person on one card and day, where no setting says otherwise: a part of the largest single amount that is
 * believed, 500.00 USD or EUR, 50,000 JPY.
 */
export function perCardMaxMinor(currency: string, settings: Amounts): number {
  return settings.get(currency) ?? Math.floor(amountMaxMinor(currency, new Map()) / 20_000);
}
