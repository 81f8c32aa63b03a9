// Evidence with digits masked that may be a card's: before it is kept, and once more before it is shown. Fields that by their name
// hold an identifier, an amount or an instant are not searched: one such number in ten would pass for a card's, and an action
// needs it as it is.

import { holdsCardNumber } from '../../contracts/card-data.ts';

/** 13 to 19 digits with single spaces or hyphens between them. */
const digitRun = /(?<!\d)(?<!\d[ -])\d(?:[ -]?\d){12,18}(?![ -]?\d)/g;
/** As `authorization_key`, `merchant_id`, `occurred_at_ms`. */
const notSearched = /(?:^|_)(?:ids?|keys?|token|reference|no|minor|ms|sequence)$/;

/** The same value, with every digit of a possible card number as `*`, in names of fields too. */
export function maskCardNumbers(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => maskCardNumbers(member, name));
  // An instant is one as JSON has it.
  if (value instanceof Date) return value;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [maskText(key), maskCardNumbers(member, key)] as const),
    );
  if (notSearched.test(name)) return value;
  if (typeof value === 'string') return maskText(value);
  return typeof value === 'number' && holdsCardNumber(String(value)) ? maskText(String(value)) : value;
}

export function maskText(text: string): string {
  if (!holdsCardNumber(text)) return text;
  // Full-width digits are digits too.
  return text
    .normalize('NFKC')
    .replace(digitRun, (digits) => (holdsCardNumber(digits) ? digits.replace(/\d/g, '*') : digits));
}
