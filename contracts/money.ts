// Money: integer minor units with an ISO 4217 currency, and the one table of their codes and exponents.
// Conversion from a decimal text is exact or refused; nothing here ever rounds.

import * as z from 'zod/mini';
import { limits } from './limits.ts';

/**
 * ISO 4217 (2024-06 list one) by exponent: each currency's letters and its number, run together. Of two with one number the later
 * one is meant (XCG took over ANG's).
 */
const codes: Readonly<Record<0 | 2 | 3 | 4, string>> = {
  0:
    'BIF108 CLP152 DJF262 GNF324 ISK352 JPY392 KMF174 KRW410 PYG600 RWF646 UGX800 UYI940 VND704 VUV548 XAF950 ' +
    'XOF952 XPF953',
  2:
    'AED784 AFN971 ALL008 AMD051 ANG532 AOA973 ARS032 AUD036 AWG533 AZN944 BAM977 BBD052 BDT050 BGN975 BMD060 ' +
    'BND096 BOB068 BOV984 BRL986 BSD044 BTN064 BWP072 BYN933 BZD084 CAD124 CDF976 CHE947 CHF756 CHW948 CNY156 ' +
    'COP170 COU970 CRC188 CUP192 CVE132 CZK203 DKK208 DOP214 DZD012 EGP818 ERN232 ETB230 EUR978 FJD242 FKP238 ' +
    'GBP826 GEL981 GHS936 GIP292 GMD270 GTQ320 GYD328 HKD344 HNL340 HTG332 HUF348 IDR360 ILS376 INR356 IRR364 ' +
    'JMD388 KES404 KGS417 KHR116 KPW408 KYD136 KZT398 LAK418 LBP422 LKR144 LRD430 LSL426 MAD504 MDL498 MGA969 ' +
    'MKD807 MMK104 MNT496 MOP446 MRU929 MUR480 MVR462 MWK454 MXN484 MXV979 MYR458 MZN943 NAD516 NGN566 NIO558 ' +
    'NOK578 NPR524 NZD554 PAB590 PEN604 PGK598 PHP608 PKR586 PLN985 QAR634 RON946 RSD941 RUB643 SAR682 SBD090 ' +
    'SCR690 SDG938 SEK752 SGD702 SHP654 SLE925 SOS706 SRD968 SSP728 STN930 SVC222 SYP760 SZL748 THB764 TJS972 ' +
    'TMT934 TOP776 TRY949 TTD780 TWD901 TZS834 UAH980 USD840 USN997 UYU858 UZS860 VED926 VES928 WST882 XCD951 ' +
    'XCG532 YER886 ZAR710 ZMW967 ZWG924',
  3: 'BHD048 IQD368 JOD400 KWD414 LYD434 OMR512 TND788',
  4: 'CLF990 UYW927',
};
const currencies = ([0, 2, 3, 4] as const).flatMap((exponent) =>
  codes[exponent].split(' ').map((code) => ({ letters: code.slice(0, 3), number: code.slice(3), exponent })),
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
