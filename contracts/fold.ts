// Names as they are compared: how a shop's name is written (case, width, accents as one sign or two, padding, signs that nobody
// sees) makes no difference. Unicode's NFKC and full case folding, the latter made of the platform's own case tables.
// Look-alikes of other scripts (a Cyrillic А for a Latin A) are different letters here.

const plainAscii = /^[\x20-\x7e]*$/;
const spaces = /\s+/g;
/** Signs without width: format characters, joiners, variation selectors, soft hyphens; and what text.ts takes away. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** `"  Caf\u00e9   ＯＮＥ "` and `"CAFE\u0301 one"` are one name. */
export function fold(text: string): string {
  let folded = folds.get(text);
  if (folded === undefined) {
    folded = foldPiece(text).trim();
    if (folds.size >= foldsMax) folds.clear();
    folds.set(text, folded);
  }
  return folded;
}

/** Names that were folded: a card is used at the same shops again and again. Losing them costs a microsecond each. */
const folds = new Map<string, string>();
const foldsMax = 500;

/** The same for a part of a pattern: spaces at its ends stand between it and its neighbours, so they stay. */
export function foldPiece(text: string): string {
  if (plainAscii.test(text)) return text.toLowerCase().replace(spaces, ' ');
  return (
    text
      .replace(/[\t-\r\u0085\u2028\u2029]/g, ' ')
      .normalize('NFKC')
      .replace(unseen, '')
      // To lower case first, since the capital ẞ has no other way to "ss"; then up, where ß is SS and ı is I; then down.
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      // İ goes down to an i with a second dot, and a sigma at a word's end to ς.
      .replace(/i\u0307/g, 'i')
      .replace(/ς/g, 'σ')
      .normalize('NFKC')
      .replace(spaces, ' ')
  );
}
