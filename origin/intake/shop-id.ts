// A shop's id as two texts are compared: a network's messages pad it (ISO 8583 field 42 has fifteen places), and older events may
// hold what the database takes in no text. `"M1   "` and `"M1"` are one shop; upper and lower case are two.

import { limits } from '../../contracts/limits.ts';

/** Null where nothing is left that could name a shop. */
export function shopId(given: string | null): string | null {
  if (given === null) return null;
  // \p{Cc}: control characters, NUL and line breaks among them.
  const text = given
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
    .trim();
  if (text === '') return null;
  return text.length <= limits.networkKeyLengthMax ? text : [...text].slice(0, limits.networkKeyLengthMax).join('');
}
