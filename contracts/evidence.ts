// What somebody outside said, as JSON text that can be kept, shown and searched safely: for a person who has to judge it.
// It is cut where it is longer than anyone reads. It is evidence, and not a message to be taken again as it stands.

import { isCardField } from './card-data.ts';
import { isCardInPieces, isCardLikeNumber, maskCardNumbers } from './card-numbers/card-numbers.ts';
import { type Pieces, piecesOfCards, withoutDigits } from './card-numbers/pieces.ts';
import { limits } from './limits.ts';
import { cut, withSignsVisible } from './text.ts';
import { WrittenNumber } from './written-number.ts';

const depthMax = 20;
const itemsMax = 200;
const textLengthMax = 2_000;
const more = '…';

/**
 * Valid JSON of at most `limits.evidenceLengthMax` characters. Card numbers and the content of fields made for card data are
 * masked; `identifiers`: names of fields that a contract defines as identifiers, in which numbers stay. What cannot be kept in a
 * database (NUL, half a character) is written out as `[U+0000]`.
 */
export function evidenceOf(value: unknown, identifiers: ReadonlySet<string>): string {
  const pieces = piecesOfCards(value, { isIdentifier: (name) => identifiers.has(name), numbersOfFields: true });
  const text = JSON.stringify(shown(value, '', { identifiers, pieces }, 0)) ?? 'null';
  return text.length <= limits.evidenceLengthMax
    ? text
    : JSON.stringify({ beginning: cut(text, limits.evidenceLengthMax / 3) });
}

interface Masking {
  readonly identifiers: ReadonlySet<string>;
  readonly pieces: Pieces | null;
}

function shown(value: unknown, name: string, masking: Masking, depth: number): unknown {
  const { identifiers, pieces } = masking;
  if (typeof value === 'string') return shownText(value, identifiers.has(name));
  if (typeof value === 'number') {
    const text = String(value);
    if (!Number.isFinite(value)) return text;
    return !identifiers.has(name) && isCardLikeNumber(value) ? text.replace(/\d/g, '*') : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return more;
  if (Array.isArray(value)) {
    if (!identifiers.has(name) && isCardInPieces(value)) return value.map(withoutDigits);
    const items = value
      .slice(0, itemsMax)
      .map((item, index) => (pieces?.has(value, index) ? withoutDigits(item) : shown(item, name, masking, depth + 1)));
    return value.length > itemsMax ? [...items, more] : items;
  }
  if (value instanceof WrittenNumber) return identifiers.has(name) ? value.text : value.toJSON();
  const entries = Object.entries(value).slice(0, itemsMax);
  return Object.fromEntries(
    entries.map(([key, inside]) => [
      pieces?.hasName(value, key) ? withoutDigits(key) : shownText(key, false),
      isCardField(key)
        ? '***'
        : pieces?.has(value, key)
          ? withoutDigits(inside)
          : shown(inside, key, masking, depth + 1),
    ]),
  );
}

function shownText(text: string, isIdentifier: boolean): string {
  // Masked before it is cut: the first digits of a number that a cut goes through are no card number any more.
  const fit = isIdentifier ? text : maskCardNumbers(text);
  return withSignsVisible(fit.length > textLengthMax ? cut(fit, textLengthMax) + more : fit);
}
