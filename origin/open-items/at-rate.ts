// An amount in another currency at a rate that a person states. Exact in integers; what is left below one minor unit is rounded to
// the nearest, and a half away from zero: 9.00 EUR at 1.0945 is 985.05 US cents, so 9.85 USD.

import * as z from 'zod';
import { currencyExponent } from '../../contracts/money.ts';

/** Units of the target currency for one unit of the source, as a decimal text: a float would not hold `1.0945`. */
export const rateSchema = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,8})(?:\.\d{1,12})?$/, 'must be a decimal text, such as "1.0945"')
  .refine((rate) => /[1-9]/.test(rate), 'must be above 0');

export interface Conversion {
  readonly amount_minor: number;
  readonly from: string;
  readonly to: string;
  readonly rate: string;
}

/** Minor units of `to`. Throws for a currency that has no exponent: both come from messages and profiles, which were checked. */
export function atRate({ amount_minor, from, to, rate }: Conversion): bigint {
  const [fromExponent, toExponent] = [currencyExponent(from), currencyExponent(to)];
  if (fromExponent === undefined || toExponent === undefined) throw new Error(`${from} or ${to} is no currency`);
  const [whole = '0', fraction = ''] = rate.split('.');
  const numerator = BigInt(amount_minor) * BigInt(whole + fraction) * 10n ** BigInt(toExponent);
  const denominator = 10n ** BigInt(fromExponent + fraction.length);
  return (2n * numerator + denominator) / (2n * denominator);
}
