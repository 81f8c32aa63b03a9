// Digits and separators that are escaped as URLs, HTML and JSON have it (`%34`, `&#52;`, `\u0034`), and escaped again (`%2534`,
// `&amp;#52;`, `\\u0034`); and HTML's tags, which separate. Read by hand, since a regular expression for each character costs a hundred times as much.

import { odd, signOf, signsByUnit, unseen, usual } from './digit-signs.ts';

/**
 * Whether anything in the text is escaped: most texts have nothing, and are not read a second time. As exact as escapedAt, so that
 * `4%4%4%` is not either.
 */
export function hasEscapes(text: string): boolean {
  return (
    (text.includes('%') && percents.test(text)) ||
    (text.includes('&') && (numerics.test(text) || named.test(text))) ||
    (text.includes('\\') && backslashes.test(text)) ||
    (text.includes('<') && tags.test(text))
  );
}
const percents = /%(?:[\dA-Fa-f]{2}|u[\dA-Fa-f]{4})/;
const numerics = /&(?:amp;){0,4}#(?:\d|[Xx][\dA-Fa-f])/;
const backslashes = /\\(?:["nrt]|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|[ux]\{[\dA-Fa-f]+\})/;

/** `<br>`, `</td>`, `<span class="x">`: a name, and an end before long (the width of a sign has a byte). */
const tags = /<\/?[a-z][^<>]{0,200}>/i;
const tagHere = new RegExp(tags, 'iy');

/** The sign and its width in code units, as `sign * 256 + width`: nothing is allocated. 0: nothing is escaped here. */
export function escapedAt(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    case 37:
      return percentAt(text, at);
    case 38:
      return ampersandAt(text, at);
    case 92:
      return backslashAt(text, at);
    case 60:
      return tagAt(text, at);
    default:
      return 0;
  }
}

/** A tag is between two groups as a space is. */
function tagAt(text: string, at: number): number {
  tagHere.lastIndex = at;
  return tagHere.test(text) ? packed(usual, tagHere.lastIndex - at) : 0;
}

export const signIn = (packed: number): number => packed >> 8;
export const widthIn = (packed: number): number => packed & 0xff;

function packed(sign: number, width: number): number {
  return sign * 256 + width;
}

function percentAt(text: string, at: number): number {
  const hexes = at + 1 + (isEscapedPercent(text, at + 1) ? escapedAgain(text, at) : 0);
  const before = hexes - at;
  // As old browsers escape: %u0034.
  if (text.charCodeAt(hexes) === 117) {
    const codePoint = hexAt(text, hexes + 1, 4);
    return codePoint < 0 ? 0 : packed(signOf(codePoint), before + 5);
  }
  const high = hexDigit(text.charCodeAt(hexes));
  const low = hexDigit(text.charCodeAt(hexes + 1));
  if (high < 0 || low < 0) return 0;
  const lead = high * 16 + low;
  if (lead < 0x80) return packed((signsByUnit[lead] ?? 1) - 1, before + 2);
  // UTF-8: how many bytes a character has is in its first one. What is no UTF-8 is no character, and is passed over.
  const bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  let codePoint = lead & (0xff >> (bytes + 1));
  let end = hexes + 2;
  for (let next = 1; next < bytes; next++) {
    const place = end + 1 + (isEscapedPercent(text, end + 1) ? escapedAgain(text, end) : 0);
    const byte = text.charCodeAt(end) === 37 ? hexAt(text, place, 2) : -1;
    if (byte < 0 || (byte & 0xc0) !== 0x80) return packed(unseen, before + 2);
    codePoint = codePoint * 64 + (byte & 0x3f);
    end = place + 2;
  }
  return packed(signOfPoint(codePoint), end - at);
}

/** How many signs stand between the percent sign and the digits that it is for: `%25` is the percent sign itself. The width of a sign has a byte. */
function escapedAgain(text: string, at: number): number {
  let count = 0;
  while (
    count < 2 * timesEscaped &&
    isEscapedPercent(text, at + 1 + count) &&
    (hexAt(text, at + 3 + count, 2) >= 0 || text.charCodeAt(at + 3 + count) === 117)
  )
    count += 2;
  return count;
}
const timesEscaped = 8;

/** The digits of `%25`. */
function isEscapedPercent(text: string, at: number): boolean {
  return text.charCodeAt(at) === 50 && text.charCodeAt(at + 1) === 53;
}

function ampersandAt(text: string, at: number): number {
  if (text.charCodeAt(at + 1) === 35) return numericAt(text, at, at + 2);
  // Escaped again: the ampersand is one of HTML itself.
  let hash = at + 1;
  while (hash < at + 17 && text.startsWith('amp;', hash)) hash += 4;
  return hash > at + 1 && text.charCodeAt(hash) === 35 ? numericAt(text, at, hash + 1) : namedAt(text, at);
}

function numericAt(text: string, at: number, digits: number): number {
  const isHex = (text.charCodeAt(digits) | 0x20) === 120;
  let codePoint = 0;
  let place = digits + (isHex ? 1 : 0);
  for (const first = place; place < first + 7; place++) {
    const value = hexDigit(text.charCodeAt(place));
    if (value < 0 || (!isHex && value > 9)) break;
    codePoint = codePoint * (isHex ? 16 : 10) + value;
  }
  if (place === digits + (isHex ? 1 : 0)) return 0;
  // Browsers read it without its semicolon too.
  return packed(signOfPoint(codePoint), place + (text.charCodeAt(place) === 59 ? 1 : 0) - at);
}

const namedSigns: ReadonlyMap<string, number> = new Map([
  ...['nbsp', 'ensp', 'emsp', 'thinsp', 'ndash', 'mdash', 'minus', 'hyphen', 'period', 'middot', 'dash', 'bull'].map(
    (name) => [name, usual] as const,
  ),
  ...['hairsp', 'puncsp', 'numsp', 'emsp13', 'emsp14', 'NonBreakingSpace', 'Tab', 'NewLine', 'lowbar'].map(
    (name) => [name, usual] as const,
  ),
  ...['ZeroWidthSpace', 'shy', 'zwnj', 'zwj', 'lrm', 'rlm'].map((name) => [name, unseen] as const),
]);
const nameLengthMax = Math.max(...Array.from(namedSigns.keys(), (name) => name.length));
const named = new RegExp(`&(?:${[...namedSigns.keys()].join('|')});`);

function namedAt(text: string, at: number): number {
  let end = at + 1;
  while (end <= at + nameLengthMax && isNameSign(text.charCodeAt(end))) end++;
  if (text.charCodeAt(end) !== semicolon) return 0;
  const sign = namedSigns.get(text.slice(at + 1, end));
  return sign === undefined ? 0 : packed(sign, end + 1 - at);
}
const semicolon = 59;

/** A letter or digit of ASCII: false for NaN, behind the end of the text. */
function isNameSign(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 97 && letter <= 122) || (code >= 48 && code <= 57);
}

function backslashAt(text: string, at: number): number {
  switch (text.charCodeAt(at + 1)) {
    case 117: // \u0034
    case 120: {
      // \x34
      const length = text.charCodeAt(at + 1) === 117 ? 4 : 2;
      if (text.charCodeAt(at + 2) === 123) return bracedAt(text, at);
      const codePoint = hexAt(text, at + 2, length);
      return codePoint < 0 ? 0 : packed(signOf(codePoint), length + 2);
    }
    case 34: // \"
      return packed(unseen, 2);
    case 92: // \\, of what is escaped once more: a quote in JSON in JSON is \\\"
      return packed(unseen, 1);
    case 110: // \n, \r, \t
    case 114:
    case 116:
      return packed(usual, 2);
    default:
      return 0;
  }
}

/** `\u{34}` */
function bracedAt(text: string, at: number): number {
  let codePoint = 0;
  let place = at + 3;
  for (; place < at + 9; place++) {
    const value = hexDigit(text.charCodeAt(place));
    if (value < 0) break;
    codePoint = codePoint * 16 + value;
  }
  return place > at + 3 && text.charCodeAt(place) === 125 ? packed(signOfPoint(codePoint), place + 1 - at) : 0;
}

function signOfPoint(codePoint: number): number {
  return codePoint > 0x10ffff ? odd : signOf(codePoint);
}

/** -1: these are no hexadecimal digits. */
function hexAt(text: string, at: number, length: number): number {
  let value = 0;
  for (let place = at; place < at + length; place++) {
    const one = hexDigit(text.charCodeAt(place));
    if (one < 0) return -1;
    value = value * 16 + one;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
