// The known word that somebody probably meant.

/**
 * One or two slips of the hand apart, three in a long word; else a word of which the beginning was written. Null where
 * neither is there: a wrong guess helps less than none. Of equally good words the first.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  // Compared with no word at all: the longest is shorter.
  if (word.length > wordLengthMax) return null;
  const typed = word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  let best: string | null = null;
  let bestDistance = Math.min(3, Math.ceil(typed.length / 4)) + 1;
  for (const candidate of known) {
    // Also keeps a very long input cheap: the lengths' difference is the least that the distance can be.
    if (Math.abs(candidate.length - typed.length) >= bestDistance) continue;
    const distance = editDistance(typed, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== null || typed.length < beginningLengthMin) return best;
  return known.find((candidate) => candidate.startsWith(typed)) ?? null;
}

/** Characters of a word that may be meant for another; a test holds every known word below it. */
export const wordLengthMax = 80;

/** Shorter beginnings are those of too many words. */
const beginningLengthMin = 4;

/** Levenshtein: characters to add, drop or change, row by row of the usual table. */
function editDistance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...one].entries()) {
    const current = [row + 1];
    for (const [column, against] of [...other].entries()) {
      const change = (above[column] ?? 0) + (letter === against ? 0 : 1);
      current.push(Math.min(change, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
