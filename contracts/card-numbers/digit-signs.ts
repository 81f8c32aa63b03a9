// What a character is to somebody who looks for card numbers: a digit in whatever script, something that may stand between two
// digits of one number, something that nobody sees, or the end of the number.

/** Ends a number: a letter, or a number that is no digit. */
export const ends = 0;
/** A space of any kind, a dash, a point, an underscore, a control character: between groups of a number. */
export const usual = 1;
/** Any other punctuation or symbol: between groups of a card's own pattern only (4-4-4-4), since it mostly separates things. */
export const odd = 2;
/** Not seen by a reader: format characters, joiners, variation selectors, combining marks. As if it were not there. */
export const unseen = 3;
/** Digit 0; digit n is `digit + n`. */
export const digit = 16;

/**
 * Signs of the code points from U+10000 to U+3FFFF, plus one; 0: not met yet. Made when the first one is met, since most processes meet none.
 * Each is worked out once in the life of the process: 65,536 different ones in one text cost what 65,536 regular expressions do.
 */
let pairs: Uint8Array | null = null;
const [pairsFirst, pairsEnd] = [0x10000, 0x40000];
/** Tag characters and variation selectors, the only ones beyond that are characters; the rest is private or not assigned. */
const tags = new Uint8Array(0x1000);
const [tagsFirst, tagsEnd] = [0xe0000, 0xe1000];

/**
 * By code unit, plus one; 0: not met yet, or half of a surrogate pair. Text of one language uses few of them. ASCII is known from the
 * start: its signs may be looked up here.
 */
export const signsByUnit = new Uint8Array(0x10000);

export function signOf(codePoint: number): number {
  if (codePoint < 0x10000) {
    const known = signsByUnit[codePoint] ?? 0;
    if (known !== 0) return known - 1;
    if ((codePoint & 0xf800) === 0xd800) return odd;
    const sign = workOut(codePoint);
    signsByUnit[codePoint] = sign + 1;
    return sign;
  }
  if (codePoint < pairsEnd) {
    pairs ??= new Uint8Array(pairsEnd - pairsFirst);
    return signIn(pairs, codePoint - pairsFirst, codePoint);
  }
  return codePoint >= tagsFirst && codePoint < tagsEnd ? signIn(tags, codePoint - tagsFirst, codePoint) : odd;
}

function signIn(table: Uint8Array, place: number, codePoint: number): number {
  const known = table[place] ?? 0;
  if (known !== 0) return known - 1;
  const sign = workOut(codePoint);
  table[place] = sign + 1;
  return sign;
}

/** The sign of a character by one of its code units: both halves of a surrogate pair are the pair. */
export function signAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if ((code & 0xf800) !== 0xd800) return signOf(code);
  const isSecondHalf = at > 0 && !isFirstHalf(code) && isFirstHalf(text.charCodeAt(at - 1));
  return signOf(text.codePointAt(isSecondHalf ? at - 1 : at) ?? 0);
}

function isFirstHalf(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}

/** Digits without a decomposition to ASCII: first code point, its digit, how many follow. Dingbats, negative circles, tags. */
const furtherDigits: readonly (readonly [first: number, value: number, count: number])[] = [
  [0x2776, 1, 9],
  [0x2780, 1, 9],
  [0x278a, 1, 9],
  [0x24f5, 1, 9],
  [0x24ff, 0, 1],
  [0x1f10b, 0, 2],
  // Tag characters: nobody sees them, and a program reads "tag digit four".
  [0xe0030, 0, 10],
];

/** Minus, hyphen bullet, middle dots and bullets, the ideographic full stop: written for a dash or a point. */
const dashOrPoint = /^[\p{Z}\p{Pd}\p{Pc}\p{Cc}\u2043\u2212\u00b7\u2022\u2027\u22c5\u30fb\uff65\u3002\uff61]$/u;

function workOut(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (codePoint < 128) {
    if (/\d/.test(character)) return digit + Number(character);
    if (/[A-Za-z]/.test(character)) return ends;
    // Quotes stand around a group and not between two: `"4111","1111"`.
    if (/["'`]/.test(character)) return unseen;
    return /[-._\s\p{Cc}]/u.test(character) ? usual : odd;
  }
  // Korean fillers are letters by their category, and nothing to a reader.
  if (/^\p{Default_Ignorable_Code_Point}$/u.test(character) && codePoint < 0xe0000) return unseen;
  if (/^\p{L}$/u.test(character)) return ends;
  const further = furtherDigits.find(([first, , count]) => codePoint >= first && codePoint < first + count);
  if (further !== undefined) return digit + further[1] + codePoint - further[0];
  const compatible = character.normalize('NFKC');
  // ４, ④, ⁴, ⑷ and ⒋ are one digit each, with or without what is around it; ㉑ are two, and no card is written so.
  const digits = compatible.replace(/[^0-9]/g, '');
  if (digits.length === 1 && !/[\p{L}\p{M}]/u.test(compatible)) return digit + Number(digits);
  if (/^\p{Nd}$/u.test(character)) return digit + decimalValue(codePoint);
  if (/^[\p{Cf}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]$/u.test(character)) return unseen;
  if (/^[\p{L}\p{N}\p{Mc}]/u.test(compatible) || /^[\p{L}\p{N}\p{Mc}]$/u.test(character)) return ends;
  return dashOrPoint.test(character) || /^[\s._-]+$/.test(compatible) ? usual : odd;
}

/** Unicode's decimal digits come in runs from 0 to 9 (The Unicode Standard, chapter 4.6). */
function decimalValue(codePoint: number): number {
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(codePoint - value - 1))) value++;
  return value;
}

for (let code = 0; code < 128; code++) signOf(code);
