// Looks for a card number in a region of digits: in every window of it, in constant time each. A number is one by its issuer's
// range, its length and its check digit (Luhn); how much of the three is asked for depends on how it stands among other digits.

import { listGap, oddGap, type Region, together, wall } from './digit-region.ts';
import { isPartOfId } from './ids-with-digits.ts';
import { firstSixMatter, lengthMax, lengthMin, lengthsByFour, lengthsBySix } from './issuer-ranges.ts';

/** Luhn's sums over the digits before each place: with every even place doubled, and with every odd one. */
let evenDoubled = new Int32Array(257);
let oddDoubled = new Int32Array(257);

function sumForLuhn({ count, digits }: Region): void {
  if (digits.length >= evenDoubled.length) {
    evenDoubled = new Int32Array(digits.length + 1);
    oddDoubled = new Int32Array(digits.length + 1);
  }
  let even = 0;
  let odd = 0;
  for (let at = 0; at < count; at++) {
    const value = digits[at] ?? 0;
    const doubled = value > 4 ? value * 2 - 9 : value * 2;
    even += at % 2 === 0 ? doubled : value;
    odd += at % 2 === 0 ? value : doubled;
    evenDoubled[at + 1] = even;
    oddDoubled[at + 1] = odd;
  }
}

/** The check digit is the last one and counts once; the one before it counts double, and so on. */
function passesLuhn(first: number, end: number): boolean {
  const sums = end % 2 === 0 ? evenDoubled : oddDoubled;
  return ((sums[end] ?? 0) - (sums[first] ?? 0)) % 10 === 0;
}

/** Whether a card number stands in the region, which was read of this text. */
export function hasCardNumber(region: Region, text: string): boolean {
  const { count, digits, before } = region;
  sumForLuhn(region);
  // From the end to the beginning, so that what is known of the digits after each place is carried along: the first four of them,
  // and where separators stand (bit n: before the digit n places on).
  let four = 0;
  let gaps = 0;
  let odds = 0;
  let walls = 0;
  for (let first = count - 1; first >= 0; first--) {
    four = (digits[first] ?? 0) * 1000 + ((four / 10) | 0);
    const standing = before[first + 1] ?? together;
    const isGap = first + 1 < count && standing !== together;
    gaps = ((gaps << 1) | (isGap ? 2 : 0)) & windowBits;
    odds = ((odds << 1) | (isGap && standing >= oddGap ? 2 : 0)) & windowBits;
    walls = ((walls << 1) | (isGap && standing === wall ? 2 : 0)) & windowBits;
    let lengths = lengthsByFour[four] ?? 0;
    if (lengths === 0 || first + lengthMin > count) continue;
    if ((lengths & firstSixMatter) !== 0) lengths |= lengthsBySix(four, sixAt(digits, first));
    // Behind a digit other than a zero only the common brands count, however it ends.
    const isBehindDigit = before[first] === together && first > 0 && digits[first - 1] !== 0;
    // Every length that it may have, from the shortest: one or two mostly.
    for (let bits = (isBehindDigit ? lengths >> 8 : lengths | (lengths >> 8)) & 0xff; bits !== 0; bits &= bits - 1) {
      const length = lengthMin + (31 - Math.clz32(bits & -bits));
      const end = first + length;
      if (end > count) break;
      if (!passesLuhn(first, end)) continue;
      const within = (1 << length) - 1;
      if ((walls & within) !== 0) break;
      const standing = { first, end, gaps: gaps & within, hasOdd: (odds & within) !== 0 };
      if (
        (lengthsWanted(region, standing, lengths) & bits & -bits) !== 0 &&
        !isPartOfId(text, place(region, first), place(region, end - 1))
      )
        return true;
    }
  }
  return false;
}
const windowBits = (1 << (lengthMax + 1)) - 1;

const place = ({ places }: Region, at: number) => places[at] ?? 0;

function sixAt(digits: Uint8Array, first: number): number {
  let six = 0;
  for (let at = first; at < first + 6; at++) six = six * 10 + (digits[at] ?? 0);
  return six;
}

interface Standing {
  readonly first: number;
  readonly end: number;
  /** Bit n: a separator before digit n of the window. */
  readonly gaps: number;
  readonly hasOdd: boolean;
}

/**
 * Which of the lengths count for a number that stands so: all; only those of the common brands; none. The more freely a number
 * may stand, the more numbers are cards by chance.
 */
function lengthsWanted(region: Region, { first, end, gaps, hasOdd }: Standing, lengths: number): number {
  const [any, common, none] = [lengths & 0xff, (lengths >> 8) & 0xff, 0];
  const startsFree = isFreeBefore(region, first);
  const endsFree = end === region.count || region.before[end] !== together;
  // Nothing is written together with it but what cards are written with.
  const length = end - first;
  const free = startsFree && (endsFree || isExpiryOrCode(region, end, length));
  if (gaps === 0) return free ? any : common;
  const regular = isCardGrouping(gaps, length);
  if (hasOdd) return regular && free && !isPartOfList(region, first, end) ? any : none;
  if (regular) return free ? any : startsFree || endsFree ? common : none;
  // `411111 1111 111111`; more groups than four, or fewer digits, are dates, times and amounts beside each other.
  return free && length >= 15 && bitsIn(gaps) <= 3 ? common : none;
}

/** `5411, 5812, 5814, 5912, 5999` is a list of categories, whatever some of them add up to; `4111, 1111, 1111, 1111` is all there is. */
function isPartOfList({ before, count }: Region, first: number, end: number): boolean {
  const goesOn = (at: number) => at > 0 && at < count && (before[at] === listGap || before[at] === together);
  return before.subarray(first + 1, end).includes(listGap) && (goesOn(first) || goesOn(end));
}

/** Nothing is written together with it before it, or nothing but zeros: padding. */
function isFreeBefore({ digits, before }: Region, first: number): boolean {
  let at = first;
  while (before[at] === together && at > 0 && digits[at - 1] === 0) at--;
  return at === 0 || before[at] !== together;
}

/** Groups as card numbers are printed or typed: by four (also some of the gaps only), 4-6-5, 4-6-4, 6-13, 4-3-3-3, 4-5-6, evenly. */
function isCardGrouping(gaps: number, length: number): boolean {
  if ((gaps & ~everyFour) === 0) return true;
  if (gaps === fourSix && length <= 16) return true;
  if (gaps === 1 << 6 || gaps === fourThrees || (gaps === fourFive && length === 15)) return true;
  if (length >= 15 && (gaps === thousandsOf(length) || gaps === threesAndFour)) return true;
  return [1, 2, 3].some((step) => gaps === multiplesOf(step, length));
}
/** As a program writes a number for people: `4,111,111,111,111,111`. */
function thousandsOf(length: number): number {
  let bits = 0;
  for (let at = length - 3; at > 0; at -= 3) bits |= 1 << at;
  return bits;
}
const everyFour = multiplesOf(4, lengthMax + 1);
const fourSix = (1 << 4) | (1 << 10);
const threesAndFour = (1 << 3) | (1 << 6) | (1 << 9) | (1 << 12);
const fourThrees = (1 << 4) | (1 << 7) | (1 << 10);
const fourFive = (1 << 4) | (1 << 9);

function multiplesOf(step: number, below: number): number {
  let bits = 0;
  for (let at = step; at < below; at += step) bits |= 1 << at;
  return bits;
}

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * Whether the digits written together with a number, after it, are a code (three digits) or begin with an expiry date (MMYY or
 * YYMM, of 2020 to 2049), as on a magnetic stripe. No code follows the shortest numbers: 13 digits and 3 are 16 by themselves.
 */
function isExpiryOrCode({ count, digits, before }: Region, end: number, cardLength: number): boolean {
  let follow = 1;
  while (follow < 5 && end + follow < count && before[end + follow] === together) follow++;
  if (follow === 3) return cardLength >= 14;
  if (follow < 4) return false;
  const [former, latter] = [twoAt(digits, end), twoAt(digits, end + 2)];
  return (isMonth(former) && isYear(latter)) || (isYear(former) && isMonth(latter));
}

const twoAt = (digits: Uint8Array, at: number) => (digits[at] ?? 0) * 10 + (digits[at + 1] ?? 0);
const isMonth = (value: number) => value >= 1 && value <= 12;
const isYear = (value: number) => value >= 20 && value <= 49;
