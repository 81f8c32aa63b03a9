// A text cut into parts that the storage takes: a value in an object's database has a bound.

import { limits } from '../../contracts/limits.ts';

/** Never cut between the two halves of a character: SQLite keeps UTF-8, which has no word for half of one. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + limits.snapshotPartLengthMax, text.length);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to--;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
