// Money: integer minor units with an ISO 4217 currency, and the one table of their codes and exponents.
// Conversion from a decimal text is exact or refused; nothing here ever rounds.

import * as z from 'zod/mini';
import { countryNumber } from './country.ts';
import { limits } from './limits.ts';

/**
 * ISO 4217 (2024-06 list one) by exponent: each currency's letters and its number, run together. Without a number it has that of its country
 * (`EUR` none, `USD` that of US), as most have. Of two with one number the later one is meant (XCG took over ANG's).
 */
const codes: Readonly<Record<0 | 2 | 3 | 4, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI940 VND VUV XAF950 ' + 'XOF952 XPF953',
  2:
    'AED AFN971 ALL AMD ANG532 AOA973 ARS AUD AWG AZN944 BAM977 BBD BDT BGN975 BMD ' +
    'BND BOB BOV984 BRL986 BSD BTN BWP BYN933 BZD CAD CDF976 CHE947 CHF CHW948 CNY ' +
    'COP COU970 CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB230 EUR978 FJD FKP ' +
    'GBP GEL981 GHS936 GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ' +
    'JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA969 ' +
    'MKD MMK MNT MOP MRU929 MUR MVR MWK MXN MXV979 MYR MZN943 NAD NGN NIO ' +
    'NOK NPR NZD PAB590 PEN PGK PHP PKR PLN985 QAR RON946 RSD941 RUB SAR SBD ' +
    'SCR SDG938 SEK SGD SHP SLE925 SOS SRD968 SSP STN930 SVC SYP SZL THB TJS972 ' +
    'TMT934 TOP TRY949 TTD TWD901 TZS UAH980 USD USN997 UYU UZS VED926 VES928 WST XCD951 ' +
    'XCG532 YER886 ZAR ZMW967 ZWG924',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF990 UYW927',
};
const currencies = ([0, 2, 3, 4] as const).flatMap((exponent) =>
  codes[exponent].split(' ').map((code) => ({
    letters: code.slice(0, 3),
    number: code.slice(3) || countryNumber(code.slice(0, 2)),
    exponent,
  })),
);
const currencyExponents: ReadonlyMap<string, number> = new Map(
  currencies.map(({ letters, exponent }) => [letters, exponent] as const),
);
const lettersByNumber: ReadonlyMap<string, string> = new Map(
  currencies.map(({ letters, number }) => [number, letters] as const),
);

/** The letters of a numeric code, such as `"840"`; null for what is none. */
export function currencyFromNumber(number: string): string | null {
  return lettersByNumber.get(number) ?? null;
}

/** The letters of a code in letters of either case or in digits, which may have lost their zeros; null for what is none. */
export function currencyFromCode(code: string): string | null {
  const letters = code.toUpperCase();
  return currencyExponents.has(letters) ? letters : currencyFromNumber(code.padStart(3, '0'));
}

/** The currency's number of decimals (0, 2, 3 or 4), or undefined where ISO 4217 has no such code. */
export function currencyExponent(currency: string): number | undefined {
  return currencyExponents.get(currency);
}

export function isCurrency(value: unknown): value is string {
  return currencyExponents.has(value as string);
}

/** An ISO 4217 alphabetic code, upper case. */
export const currencySchema = z.string().check(z.refine(isCurrency, 'is not an ISO 4217 currency code, such as "USD"'));

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
