// Money: integer minor units with an ISO 4217 currency, and the one table of exponents.
// Conversion from a decimal text is exact or refused; nothing here ever rounds.

import * as z from 'zod/mini';
import { limits } from './limits.ts';

/** ISO 4217 (2024-06 list one): the currencies whose exponent is not 2. */
const exponents: Readonly<Record<0 | 3 | 4, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};
const exponent2 =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW ' +
  'CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS ' +
  'INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN ' +
  'NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC ' +
  'SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';

const currencyExponents: ReadonlyMap<string, number> = new Map([
  ...exponent2.split(' ').map((code) => [code, 2] as const),
  ...([0, 3, 4] as const).flatMap((exponent) =>
    exponents[exponent].split(' ').map((code) => [code, exponent] as const),
  ),
]);

/** The currency's number of decimals (0, 2, 3 or 4), or undefined where ISO 4217 has no such code. */
export function currencyExponent(currency: string): number | undefined {
  return currencyExponents.get(currency);
}

/** An ISO 4217 alphabetic code, upper case. */
export const currencySchema = z
  .string()
  .check(z.refine((code) => currencyExponents.has(code), 'is not an ISO 4217 currency code, such as "USD"'));

/** Minor units, never negative; the edge's bound is what a double holds exactly. */
export const amountMinorSchema = z.int().check(z.nonnegative(), z.maximum(limits.amountMinorMax));

export type MoneyProblem = { readonly problem: string };

/** 10^18 has 19 digits: no network sends more, and a longer text is a mistake or an attack. */
const decimalTextLengthMax = 24;
const decimalText = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Minor units from a decimal text in major units (`"12.34"` USD is 1234; `"1e1"` is 1000), exactly.
 * What the exponent cannot hold (`"0.001"` USD), what is negative, no number or above `limits.amountMinorMax` is a problem, said in words.
 */
export function minorFromDecimalText(text: string, currency: string): number | MoneyProblem {
  const exponent = currencyExponents.get(currency);
  if (exponent === undefined) return { problem: `${currency} is not an ISO 4217 currency code` };
  const match = text.length <= decimalTextLengthMax ? decimalText.exec(text) : null;
  if (match === null) return { problem: 'is not a decimal number of major units' };
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  if (sign === '-') return { problem: 'is negative' };
  // The point sits `shift` digits left of the end of `digits`, counted in minor units.
  const digits = whole + fraction;
  const shift = fraction.length - Number(power) - exponent;
  const dropped = shift > 0 ? digits.slice(-shift).padStart(shift, '0') : '';
  if (/[1-9]/.test(dropped)) return { problem: `has more decimals than ${currency} holds (${exponent})` };
  const kept = shift > 0 ? digits.slice(0, -shift) : digits + '0'.repeat(-shift);
  const minor = Number(kept || '0');
  return minor <= limits.amountMinorMax ? minor : { problem: 'is larger than any card payment' };
}

/** The decimal text of minor units in major units, with all the decimals the currency has: 1200 USD is `"12.00"`. */
export function decimalTextFromMinor(amountMinor: number, currency: string): string {
  const exponent = currencyExponents.get(currency);
  if (exponent === undefined) throw new Error(`${currency} is not an ISO 4217 currency code`);
  if (!Number.isSafeInteger(amountMinor)) throw new Error(`${amountMinor} is no amount in minor units`);
  const sign = amountMinor < 0 ? '-' : '';
  const digits = String(Math.abs(amountMinor)).padStart(exponent + 1, '0');
  return exponent === 0 ? sign + digits : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}
