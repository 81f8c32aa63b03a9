// Whether a code or range names a code. Both are trusted to be well-formed: four digits, or twice four and a hyphen.

/** Codes have one length, so that texts compare as numbers would; both ends of a range belong to it. */
export function covers(codeOrRange: string, code: string): boolean {
  return codeOrRange.slice(0, 4) <= code && code <= codeOrRange.slice(-4);
}
