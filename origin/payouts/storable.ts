// Text from providers, as a text column takes it: without NUL and halves of surrogate pairs, not endless, and without the spaces
// around it, so that a padded reference is the same reference.

import { maskedText } from '../card-data/found.ts';

const lengthMax = 500;

/** The same for free text: digits that may be a card's are masked, before it is cut through the middle of them. */
export function storableWords(text: string): string {
  return storable(maskedText('provider_answer', text));
}

export function storable(text: string): string {
  return text.slice(0, lengthMax).replaceAll('\u0000', '').toWellFormed().trim();
}
