// Card numbers that somebody has hidden from the search of contracts/card-numbers: digits written as letters (`4lll Oooo …`) or as numerals of
// other scripts, groups with words between them, a number inside of hexadecimal digits that are no random token. A text is read once more with
// what stands for a digit as that digit. At the origin alone: the edge's bundle has no room for it, and what the edge keeps is looked at here
// again. Not found: digits in words (`four one one`), in base 64, backwards, with other letters between them; docs/decisions/0017 has the rates.

import { holdsCardNumber, maskCardNumbers } from '../../contracts/card-numbers/card-numbers.ts';

const lengthMin = 12;

/** Whether a card number is hidden in the text. One that is not hidden is for `holdsCardNumber`. */
export function hidesCardNumber(text: string): boolean {
  if (text.length < lengthMin) return false;
  const shown = shownDigits(text);
  return shown !== text && holdsCardNumber(shown);
}

/** The text with the digits of card numbers masked, hidden ones too; the same text where there is none. */
export function maskHidden(text: string): string {
  const masked = maskCardNumbers(text);
  if (text.length < lengthMin) return masked;
  const shown = shownDigits(masked);
  if (shown === masked || !holdsCardNumber(shown)) return masked;
  const maskedToo = maskCardNumbers(shown);
  // Where digits are escaped as well, what is masked is shorter, and nothing tells any more which sign it was.
  return maskedToo.length === masked.length ? overlaid(masked, maskedToo) : maskedToo;
}

/** The original with `*` where the other one has it. */
function overlaid(original: string, masked: string): string {
  let text = '';
  for (let at = 0; at < original.length; at++) {
    const isMasked = masked[at] === '*';
    text += isMasked ? '*' : original[at];
    // A character of two halves is one digit.
    if (isMasked && /[\ud800-\udbff]/.test(original[at] ?? '')) at++;
  }
  return text;
}

/** A body of JSON with every text of it shown, so that it can be searched as it stands; the same value where nothing is hidden. */
export function shownValue(body: unknown): unknown {
  const root: { value?: unknown } = {};
  let isHidden = false;
  const shown = (text: string): string => {
    const other = shownDigits(text);
    if (other !== text) isHidden = true;
    return other;
  };
  // A stack of its own: a body may be as deep as it is long.
  const open: [source: unknown, put: (value: unknown) => void][] = [[body, (value) => (root.value = value)]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [source, put] = next;
    if (typeof source === 'string') put(shown(source));
    else if (Array.isArray(source)) {
      const list: unknown[] = new Array(source.length);
      put(list);
      for (const [index, item] of source.entries()) open.push([item, (value) => (list[index] = value)]);
    } else if (typeof source === 'object' && source !== null) {
      const fields: Record<string, unknown> = Object.create(null);
      put(fields);
      for (const [name, member] of Object.entries(source)) {
        let written = shown(name);
        // `l` and `1` are two fields.
        while (written in fields) written += '~';
        fields[written] = null;
        open.push([member, (value) => (fields[written] = value)]);
      }
    } else put(source);
  }
  return isHidden ? root.value : body;
}

/** As long as the text: what stands for a digit is that digit, and what only hides it is no longer there. */
function shownDigits(text: string): string {
  const seen = look(text);
  if (seen.mayBeInWords && groups.test(text)) return text.replace(/\D/g, ' ');
  if (!seen.hasLookalikes && !seen.hasLongRun && !seen.isBeyondAscii) return text;
  const codes = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) codes[at] = text.charCodeAt(at);
  if (seen.isBeyondAscii) showNumerals(text, codes);
  if (seen.hasLookalikes) showLookalikes(codes);
  const shown = utf16.decode(codes);
  const withoutHex = seen.hasLongRun ? shown.replace(hexWords, endedByLetters) : shown;
  return seen.isBeyondAscii && groups.test(withoutHex) ? withoutHex.replace(/\D/g, ' ') : withoutHex;
}
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });

interface Seen {
  /** A whole word of digits and letters that look like some, or four such letters. */
  readonly hasLookalikes: boolean;
  /** As many digits in a row as the shortest number has, with a letter of hexadecimal digits beside them. */
  readonly hasLongRun: boolean;
  readonly isBeyondAscii: boolean;
  /** As many digits in all as the groups of one number. */
  readonly mayBeInWords: boolean;
}

/** 0: ends a word. */
const [digit, lookalike, hexLetter, otherLetter] = [1, 2, 4, 8];
const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const sign = String.fromCharCode(code);
  if (/\d/.test(sign)) kinds[code] = digit;
  else if (/[OoIl]/.test(sign)) kinds[code] = lookalike;
  else if (/[A-Za-z]/.test(sign)) kinds[code] = /[A-Fa-f]/.test(sign) ? hexLetter : otherLetter;
}

function isLookalikeWord(all: number, length: number): boolean {
  return all === (digit | lookalike) || (all === lookalike && length === 4);
}

/** One pass over every text that comes in: most of them have nothing of all this, and are not looked at again. */
function look(text: string): Seen {
  let [digits, run, all, wordAt, before] = [0, 0, 0, 0, 0];
  let [hasLookalikes, hasLongRun, isBeyondAscii] = [false, false, false];
  for (let at = 0; at <= text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (kinds[code] ?? 0) : 0;
    if (code > 127) isBeyondAscii = true;
    if (kind === digit) {
      digits++;
      run++;
    } else {
      if (run >= lengthMin && (kind === hexLetter || before === hexLetter)) hasLongRun = true;
      run = 0;
      before = kind;
      if (kind === 0) {
        if (isLookalikeWord(all, at - wordAt)) hasLookalikes = true;
        all = 0;
        wordAt = at + 1;
      }
    }
    all |= kind;
  }
  return { hasLookalikes, hasLongRun, isBeyondAscii, mayBeInWords: digits > 13 && digits < 17 };
}

/** Numerals from 1 (Chinese ones from 0), in the order of their values; what Unicode does not say to be digits. */
const rows: readonly string[] = [
  ...['〇一二三四五六七八九', '零壹貳參肆伍陸柒捌玖', '零壹贰叁肆伍陆柒捌玖', '零弌弐弎肆伍陸漆捌玖'],
  // Roman numbers of one sign, Ethiopic, Rumi, Brahmi, counting rods, Kharosthi, Tham.
  ...([0x2160, 0x2170, 0x1369, 0x10e60, 0x11052, 0x1d360] as const).map((one) => ` ${rowFrom(one, 9)}`),
  ...[` ${rowFrom(0x10a40, 4)}`, ' \u19da'],
];

function rowFrom(first: number, count: number): string {
  return String.fromCodePoint(...Array.from({ length: count }, (_, n) => first + n));
}

const values = new Map(
  rows.flatMap((row) =>
    Array.from(row).flatMap((sign, value) => (sign === ' ' ? [] : [[sign.codePointAt(0) ?? 0, value] as const])),
  ),
);

function showNumerals(text: string, codes: Uint16Array): void {
  for (let at = 0; at < codes.length; at++) {
    if ((codes[at] ?? 0) < 0x1369) continue;
    const point = text.codePointAt(at) ?? 0;
    const value = values.get(point);
    if (value !== undefined) codes[at] = zero + value;
    if (point <= 0xffff) continue;
    at++;
    // Behind a digit of two halves stands a sign that nobody sees, so that the text stays as long.
    if (value !== undefined) codes[at] = 0x200b;
  }
}
const zero = 48;

/** In whole words of digits and of letters that look like them: `4Oll`, and `OOOO` as a group of four. */
function showLookalikes(codes: Uint16Array): void {
  for (let first = 0; first < codes.length; first++) {
    let end = first;
    let all = 0;
    for (let kind = kindAt(codes, end); kind !== 0; kind = kindAt(codes, end)) {
      all |= kind;
      end++;
    }
    if (isLookalikeWord(all, end - first))
      for (let at = first; at < end; at++) {
        const code = codes[at] ?? 0;
        if (kinds[code] === lookalike) codes[at] = (code | 0x20) === 0x6f ? zero : zero + 1;
      }
    first = end;
  }
}

function kindAt(codes: Uint16Array, at: number): number {
  return kinds[codes[at] ?? 0] ?? 0;
}

/** As contracts/card-numbers/ids-with-digits.ts takes for random tokens. */
const hexWords = /(?<![A-Za-z0-9])[\da-f]{24,128}(?![A-Za-z0-9])/gi;
/** What people write in hexadecimal digits. In 32 random ones one of these is once in two hundred times, and a card's digits once in 1,200. */
const hexSpeech = /dead|beef|babe|cafe|face|feed|fade|deed|bead|abcdef|fedcba|([a-f])\1{4}/i;

/** A random token is of whole bytes, and its letters are of every kind: others are no digits of it, and what stands between them is a number. */
function endedByLetters(word: string): string {
  const letters = word.replace(/\d/g, '').toLowerCase();
  if (letters === '') return word;
  const isFewOnly = letters.length > 4 && new Set(letters).size < 3;
  return word.length % 2 === 1 || isFewOnly || hexSpeech.test(word) ? word.replace(/[a-f]/gi, 'z') : word;
}

/**
 * Groups of the common brands as cards are printed, each with up to forty other signs before the next, a letter in the first of them, in a text that
 * has no further digit: `4111 one 1111 two 1111 and 1111`. With further ones, any four years or categories of a sentence would be looked at.
 */
const groups =
  /^\D*(?:(?=4|5[1-5]|2[2-7]|6011|6[45])\d{4}(?=\D*[^\W\d_])\D{1,40}\d{4}\D{1,40}\d{4}\D{1,40}\d{4}|3[0-9]\d\d(?=\D*[^\W\d_])\D{1,40}\d{6}\D{1,40}\d{4,5})\D*$/;
