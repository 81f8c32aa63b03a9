// A region: a longest run of digits and of what may stand between the digits of one number. All of a text's regions are read in
// one pass, and nothing is allocated for a usual text: the region that was read last lies in arrays that are used again.

import { digit, ends, odd, signAt, signOf, signsByUnit, usual } from './digit-signs.ts';
import { escapedAt, signIn, widthIn } from './escaped-sign.ts';
import { lengthMin } from './issuer-ranges.ts';

/**
 * What stands before a digit: nothing, usual separators, one odd separator, a comma and a space as in a list, or more than a number has
 * within it.
 */
export const together = 0;
const gap = 1;
export const oddGap = 2;
export const listGap = 3;
export const wall = 4;

export interface Region {
  /** Digits in it; the arrays are longer. */
  count: number;
  digits: Uint8Array;
  /** What stands before each digit. */
  before: Uint8Array;
  /** Where in the text each digit is written, and by how many code units. */
  places: Int32Array;
  widths: Uint8Array;
}

/** The one region there is: the search is synchronous, and asks for nothing else in the middle of it. */
const region: Region = { count: 0, ...arraysOf(256) };

function arraysOf(size: number) {
  const [digits, before, widths] = [new Uint8Array(size), new Uint8Array(size), new Uint8Array(size)];
  return { digits, before, widths, places: new Int32Array(size) };
}

/** Told of each region that is long enough; false: no further ones are wanted. */
export type OnRegion = (region: Region, end: number) => boolean;

/**
 * Every region of at least twelve digits. `escaped`: digits and separators may be escaped, so that `%` and the letters behind it
 * may be digits.
 */
export function eachRegion(text: string, escaped: boolean, visit: OnRegion): void {
  let from = 0;
  while (from + lengthMin <= text.length) {
    if (!escaped) {
      // Twelve characters without an end, looked at from the last to the first: where the last one is a letter, as mostly, the
      // other eleven need not be looked at.
      let at = from + lengthMin - 1;
      while (at >= from && !isEndAt(text, at)) at--;
      if (at >= from) {
        from = at + 1;
        continue;
      }
    }
    const end = readRegion(text, from, escaped);
    if (region.count >= lengthMin && !visit(region, end)) return;
    from = end + 1;
  }
}

/** A letter of ASCII by its code, which is what most signs are looked up for; the others by the table. */
function isEndAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const folded = code | 0x20;
  return (folded >= 97 && folded <= 122) || (code > 127 && signAt(text, at) === ends);
}

/** Reads digits until something ends the region; returns where. */
function readRegion(text: string, first: number, escaped: boolean): number {
  const { length } = text;
  let count = 0;
  let usuals = 0;
  let odds = 0;
  let listed = false;
  let lastOdd = 0;
  let at = first;
  while (at < length) {
    const code = text.charCodeAt(at);
    // Of a character that was met before the table knows the sign, plus one.
    let sign = (signsByUnit[code] ?? 0) - 1;
    let width = 1;
    if (sign < 0) {
      const codePoint = text.codePointAt(at) ?? 0;
      sign = signOf(codePoint);
      if (codePoint > 0xffff) width = 2;
    }
    if (escaped && (code === percent || code === ampersand || code === backslash || code === lessThan)) {
      const packed = escapedAt(text, at);
      if (packed !== 0) {
        sign = signIn(packed);
        width = widthIn(packed);
      }
    }
    if (sign === ends) break;
    if (sign >= digit) {
      if (count === region.digits.length) grow();
      region.digits[count] = sign - digit;
      region.before[count] = odds === 0 ? (usuals === 0 ? together : gap) : odds > 1 ? wall : listed ? listGap : oddGap;
      region.places[count] = at;
      region.widths[count] = width;
      count++;
      usuals = 0;
      odds = 0;
      listed = false;
    } else if (sign === usual) {
      usuals++;
      // `5411, 5812` is a list, of which a number is all; `5411,5812` may be either.
      if (odds > 0 && text.charCodeAt(at - 1) === comma) listed = true;
    } else if (sign === odd) {
      // The same sign twice, a bracket that closes before one that opens, and what stands between items of JSON, are one separator:
      // `(4111)(1111)`, `[["4111"],["1111"]]`.
      const isOne = code === lastOdd || (lastOdd === 41 && code === 40) || (isOfList(lastOdd) && isOfList(code));
      if (odds === 0 || !isOne) odds++;
      lastOdd = code;
    } else if (odds > 0 && lastOdd === comma && (code === quote || code === apostrophe)) listed = true;
    at += width;
  }
  region.count = count;
  return at;
}
const [percent, ampersand, backslash, comma, lessThan, quote, apostrophe] = [37, 38, 92, 44, 60, 34, 39];

/** A comma, or a bracket of JSON. */
function isOfList(code: number): boolean {
  return code === comma || code === 91 || code === 93 || code === 123 || code === 125;
}

function grow(): void {
  const { digits, before, places, widths } = region;
  const longer = arraysOf(digits.length * 4);
  longer.digits.set(digits);
  longer.before.set(before);
  longer.places.set(places);
  longer.widths.set(widths);
  Object.assign(region, longer);
}
