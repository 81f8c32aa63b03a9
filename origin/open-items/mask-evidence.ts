// Evidence with digits masked that may be a card's: before it is kept, and once more before it is shown. Fields that by their name
// hold an identifier, an amount or an instant are not searched.

import { isIdentifier, maskedValue } from '../card-data/found.ts';

/** The same value, with every digit of a possible card number as `*`, in names of fields too. */
export function maskEvidence(value: unknown): unknown {
  return maskedValue('open_item', value, isIdentifier);
}
