// Finds card numbers in a text: one pass, whatever stands around them or between their groups, in whatever script. The rule and
// its rates of false alarms: docs/decisions/0017. In contracts, since the readers of networks' texts are here too, and may not
// import core. Split over several values of JSON: pieces.ts. Not found: a number in base 64, in words, or with letters between its digits.

import { eachRegion } from './digit-region.ts';
import { hasEscapes } from './escaped-sign.ts';
import { isCardInAddress, maskInAddress } from './in-address.ts';
import { lengthMax, lengthMin, lengthsByFour } from './issuer-ranges.ts';
import { hasCardNumber } from './windows.ts';

/** Whether a card number stands anywhere in the text. */
export function holdsCardNumber(text: string): boolean {
  if (text.length < lengthMin) return false;
  // Both readings count: `%B4111…` is the beginning of a magnetic stripe, where `%B4` is no escaped character.
  return holds(text, false) || (hasEscapes(text) && holds(text, true)) || isCardInAddress(text);
}

function holds(text: string, escaped: boolean): boolean {
  let found = false;
  eachRegion(text, escaped, (region) => {
    found = hasCardNumber(region, text);
    return !found;
  });
  return found;
}

/**
 * The text with every digit masked that stands with a card number: its expiry date and code beside it too. What is masked holds
 * no card number any more; a text without one is returned as it is.
 */
export function maskCardNumbers(text: string): string {
  if (text.length < lengthMin) return text;
  const masked = mask(text, false);
  return maskInAddress(hasEscapes(masked) ? mask(masked, true) : masked);
}

function mask(text: string, escaped: boolean): string {
  let masked = '';
  let done = 0;
  eachRegion(text, escaped, (region, end) => {
    if (!hasCardNumber(region, text)) return true;
    for (let at = 0; at < region.count; ) {
      const place = region.places[at] ?? 0;
      // Masked already, with the stripe of the number before it.
      if (place < done) {
        at++;
        continue;
      }
      const first = at;
      let next = place;
      // Digits that stand together are masked together, since a text that grows digit by digit costs more than the search.
      while (at < region.count && region.places[at] === next) next += region.widths[at++] ?? 1;
      masked += text.slice(done, place) + '*'.repeat(at - first);
      done = next;
    }
    const rest = restOfStripe.exec(text.slice(end, end + 120))?.[0] ?? '';
    if (rest !== '') {
      masked += text.slice(done, end) + rest.replace(/\d/g, '*');
      done = end + rest.length;
    }
    return true;
  });
  return done === 0 ? text : masked + text.slice(done);
}

/** What follows the number on a magnetic stripe: the holder's name, expiry, service code and the issuer's own digits. */
const restOfStripe = /^(?:[Dd]|[^^?\d]{1,26}\^)\d{4,}/;

/**
 * Whether a number of JSON may be a card's: whole ones only, since the point and the exponent of `-4.924188335613319e-73` are no
 * spaces between groups. One that a double cannot hold exactly may have been any number near it, so that its
 * check digit says nothing: where it begins and is as long as a card's, it counts as one.
 */
export function isCardLikeNumber(value: number): boolean {
  if (!Number.isInteger(value)) return false;
  const text = String(value);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(text)) return holdsCardNumber(text);
  const digits = text.replace('-', '');
  const lengths = lengthsByFour[Number(digits.slice(0, 4))] ?? 0;
  return digits.length <= lengthMax && (lengths & (1 << (digits.length - lengthMin))) !== 0;
}

/** A list whose items are the groups of one number: `["4111", "1111", "1111", "1111"]`. */
export function isCardInPieces(list: readonly unknown[]): boolean {
  if (list.length < 2 || list.length > lengthMax || list.some((item) => typeof item === 'object')) return false;
  const text = list.join(' ');
  return /^[\d ]+$/.test(text) && holdsCardNumber(text);
}
