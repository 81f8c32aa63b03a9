// Evidence with digits masked that may be a card's: before it is kept, and once more before it is shown. Fields that by their name
// hold an identifier, an amount or an instant are not searched: one such number in ten would pass for a card's, and an action
// needs it as it is.

import { isCardLikeNumber, maskCardNumbers } from '../../contracts/card-numbers/card-numbers.ts';

/** As `authorization_key`, `merchant_id`, `occurred_at_ms`. */
const notSearched = /(?:^|_)(?:ids?|keys?|token|reference|no|minor|ms|sequence)$/;

/** The same value, with every digit of a possible card number as `*`, in names of fields too. */
export function maskEvidence(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => maskEvidence(member, name));
  // An instant is one as JSON has it.
  if (value instanceof Date) return value;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [maskCardNumbers(key), maskEvidence(member, key)] as const),
    );
  if (notSearched.test(name)) return value;
  if (typeof value === 'string') return maskCardNumbers(value);
  return typeof value === 'number' && isCardLikeNumber(value) ? String(value).replace(/\d/g, '*') : value;
}
