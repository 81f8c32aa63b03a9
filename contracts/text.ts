// Text from outside, made fit to be kept: whole characters only, nothing that a reader cannot see, and of bounded length.
// What remains may still say anything: nobody who shows it may take it for markup.

import * as z from 'zod/mini';
import { limits } from './limits.ts';

/**
 * What no text of ours has: control characters (NUL, which Postgres refuses; line breaks, which forge log lines), halves of a surrogate pair (invalid
 * in UTF-8 and in JSON columns), line and paragraph separators, and whatever a reader does not see: format characters (U+202E makes "gpj.exe" of
 * "exe.jpg", U+200F moves what stands beside it), tag characters, which hide a second text, fillers, characters for private use. Joiners and
 * variation selectors stay: Persian, Indic scripts and emoji are written with them.
 */
const unfit =
  /(?!\u200c|\u200d|[\ufe00-\ufe0f])[\p{Cc}\p{Cs}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const eachUnfit = new RegExp(unfit.source, 'gu');
const plainAscii = /^[\x20-\x7e]*$/;

/** Whether every character of a text is fit to be kept. */
export function isPlain(text: string): boolean {
  return plainAscii.test(text) || !unfit.test(text);
}

/** The same text without what is unfit: a line break or tab becomes a space, everything else vanishes. */
export function plain(text: string): string {
  return isPlain(text) ? text : text.replace(eachUnfit, (character) => (/[^\S\ufeff]/.test(character) ? ' ' : ''));
}

/** The same text with what is unfit written out, as `[U+0000]`: for evidence, which must show what was there. */
export function withSignsVisible(text: string): string {
  if (isPlain(text)) return text;
  return text.replace(
    eachUnfit,
    (sign) => `[U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}

/**
 * Path of the first text (or name of a field) that holds what no text of ours has, as `destinations.bank.name`; null where none does. For contracts of our own, whose senders can be told: what a network says is repaired instead.
 */
export function findUnfit(value: unknown): string | null {
  if (typeof value === 'string') return !isPlain(value) ? 'body' : null;
  // Only lists and objects are kept to be looked at, and paths are put together for a finding alone: a body of 64 KiB may hold
  // 32,000 numbers.
  const open: Inside[] = [{ parent: null, name: '', value }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const parent = place;
    const at = parent.value;
    if (Array.isArray(at)) {
      for (let index = 0; index < at.length; index++) {
        const item: unknown = at[index];
        if (typeof item === 'string') {
          if (!isPlain(item)) return pathTo(parent, index);
        } else if (typeof item === 'object') open.push({ parent, name: index, value: item });
      }
    } else if (typeof at === 'object' && at !== null) {
      for (const name in at) {
        // The path of what holds it: the name itself could not be shown.
        if (!isPlain(name)) return pathTo(parent);
        const member = (at as Record<string, unknown>)[name];
        if (typeof member === 'string') {
          if (!isPlain(member)) return pathTo(parent, name);
        } else if (typeof member === 'object') open.push({ parent, name, value: member });
      }
    }
  }
  return null;
}

/**
 * A text that people write for people: a name, a reference, a reason. None begins as a formula does, which a spreadsheet works out for whoever
 * opens a list of them (`=HYPERLINK(…)`): no `=`, `+`, `-` or `@` first, of full width either; nor is it of spaces alone, which no list shows. The rest is for `isPlain`, which no schema of other languages can say.
 */
export const wordsForm = /^(?!\s+$)(?!\s*[-=+@\uff0d\uff1d\uff0b\uff20])[^\p{Cc}\p{Cs}]*$/u;
export const wordsProblem = 'must be printable text, not of spaces alone, that begins with no =, +, - or @';

/** A list or an object within a body, and its place in what it stands in. */
interface Inside {
  readonly parent: Inside | null;
  readonly name: string | number;
  readonly value: unknown;
}

function pathTo(place: Inside, ...last: (string | number)[]): string {
  const names = last;
  for (let at = place; at.parent !== null; at = at.parent) names.push(at.name);
  const path = names.reverse().map((name) => (typeof name === 'number' ? `[${name}]` : `.${name}`));
  return path.join('').replace(/^\./, '') || 'body';
}

/** Characters as people count them: a pair of surrogates is one. */
export function isWithin(text: string, lengthMax: number): boolean {
  // Most texts are short; only a long one is counted.
  return text.length <= lengthMax || (text.length <= 2 * lengthMax && Array.from(text).length <= lengthMax);
}

/** The first characters of a text: never half of one, and no letter without the accents that follow it. */
export function cut(text: string, lengthMax: number = limits.textLengthMax): string {
  if (isWithin(text, lengthMax)) return text;
  const characters = Array.from(text.slice(0, 2 * lengthMax + 2));
  let end = lengthMax;
  // "e" and a combining accent, or two emoji and the joiner between them, are kept whole or not at all.
  while (end > 0 && (joins(characters[end]) || characters[end - 1] === zeroWidthJoiner)) end--;
  return characters
    .slice(0, end || lengthMax)
    .join('')
    .trimEnd();
}

const zeroWidthJoiner = '\u200d';

function joins(character = ''): boolean {
  return character === zeroWidthJoiner || /\p{M}/u.test(character);
}

/** Text as a schema takes it: nothing is repaired here, and the bound counts whole characters. */
export const plainTextSchema = z.string().check(
  z.refine((text) => isWithin(text, limits.textLengthMax), `has more than ${limits.textLengthMax} characters`),
  z.refine(isPlain, 'must be printable text'),
);
