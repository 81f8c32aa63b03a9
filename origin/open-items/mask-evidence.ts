// Evidence with digits masked that may be a card's. Numbers are told by their length, issuer and check digit, so an identifier of
// digits alone is masked too, one in ten times: the item's own fields still say what it belongs to.

import { holdsCardNumber } from '../../contracts/card-data.ts';

/** 13 to 19 digits with single spaces or hyphens between them. */
const digitRun = /(?<!\d)(?<!\d[ -])\d(?:[ -]?\d){12,18}(?![ -]?\d)/g;

/** The same value, with every digit of a possible card number as `*`, in names of fields too. */
export function maskCardNumbers(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'number' && holdsCardNumber(String(value))) return maskText(String(value));
  if (Array.isArray(value)) return value.map(maskCardNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [maskText(name), maskCardNumbers(member)] as const),
  );
}

function maskText(text: string): string {
  if (!holdsCardNumber(text)) return text;
  // Full-width digits are digits too.
  return text
    .normalize('NFKC')
    .replace(digitRun, (digits) => (holdsCardNumber(digits) ? digits.replace(/\d/g, '*') : digits));
}
