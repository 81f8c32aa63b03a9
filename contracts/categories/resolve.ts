// From what a person writes in a control to codes and ranges: the edge knows no other. For the origin only: it carries
// every name.

import { covers } from './covers.ts';
import { categoryGroups } from './groups.ts';
import { categoryNames } from './names.ts';
import { nearest } from './nearest.ts';
import { stripeWords } from './stripe-words.ts';

/** A group wins over a Stripe word of the same name; a test holds the few of them to the same codes. */
const wordCodes: ReadonlyMap<string, readonly string[]> = new Map([...stripeWords, ...Object.entries(categoryGroups)]);

const knownWords = [...Object.keys(categoryGroups), ...stripeWords.keys()];
/** Characters of a word that a sentence repeats: no word that is known has as many. */
const quotedMax = 60;

/** `problem` is a sentence that quotes the word and says what to write instead. */
export type ResolvedCategory = { readonly codes: readonly string[] } | { readonly problem: string };

/**
 * A code ('5411'), a range with both ends ('3000-3299'), a group ('airlines') or a Stripe word ('taxicabs_limousines'), in
 * exactly this spelling. Codes come back ascending, ranges as ranges, a range of one code as the code. Codes without a name
 * are taken: networks assign new ones before lists have them. `suggest`: whether a similar word is looked for, which compares with all
 * 400 words there are; once in an answer is enough.
 */
export function resolveCategory(word: string, { suggest = true }: { suggest?: boolean } = {}): ResolvedCategory {
  const codes = wordCodes.get(word);
  if (codes !== undefined) return { codes };
  if (/^\d{4}$/.test(word)) return { codes: [word] };

  const quoted = JSON.stringify(word.length > quotedMax ? `${word.slice(0, quotedMax)}…` : word);
  const [, from, to] = /^(\d{4})-(\d{4})$/.exec(word) ?? [];
  if (from !== undefined && to !== undefined) {
    if (from > to) return { problem: `the range ${quoted} ends before it starts; write "${to}-${from}"` };
    return { codes: [from === to ? from : word] };
  }
  if (/^[\d\s\u2010-\u2015-]+$/.test(word))
    return { problem: `${quoted} is no category: a code has four digits ("5411"), a range two codes ("3000-3299")` };

  const meant = suggest ? nearest(word, knownWords) : null;
  const suggestion = meant === null ? '' : `; did you mean "${meant}"?`;
  return {
    problem: `${quoted} is neither a category code, a range, a group nor a Stripe category${suggestion} (GET /categories lists them all)`,
  };
}

export interface ListedCategory {
  readonly code: string;
  readonly name: string;
  /** Names of the groups that cover the code, in the groups' order. */
  readonly groups: readonly string[];
  readonly stripeWords: readonly string[];
}

/** Every code with a name, ascending. Computed anew with each call, some milliseconds: the caller keeps it. */
export function categoriesListing(): readonly ListedCategory[] {
  const wordsCovering = (words: Iterable<readonly [string, readonly string[]]>, code: string) =>
    [...words].filter(([, codes]) => codes.some((entry) => covers(entry, code))).map(([word]) => word);
  const groups = Object.entries(categoryGroups);
  return [...categoryNames].map(([code, name]) => ({
    code,
    name,
    groups: wordsCovering(groups, code),
    stripeWords: wordsCovering(stripeWords, code),
  }));
}
