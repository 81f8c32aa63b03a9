// Stripe's words: complete, each code's meaning its own, and at peace with the groups.

import { expect, test } from 'vitest';
import { covers } from './covers.ts';
import { categoryGroups } from './groups.ts';
import { categoryNames } from './names.ts';
import { stripeWords } from './stripe-words.ts';

const named = [...categoryNames.keys()];

test('there are 295 words, each of codes and ranges that cover a named code', () => {
  expect(stripeWords.size).toBe(295);
  for (const [word, codes] of stripeWords) {
    expect(codes, word).not.toHaveLength(0);
    expect(codes, word).toEqual(codes.toSorted());
    for (const entry of codes) {
      expect(entry, word).toMatch(/^\d{4}(-\d{4})?$/);
      expect(
        named.some((code) => covers(entry, code)),
        `${word}: ${entry}`,
      ).toBe(true);
    }
  }
});

test('every named code has exactly one word: `miscellaneous` holds what no other names', () => {
  for (const code of named) {
    const words = [...stripeWords].filter(([, codes]) => codes.some((entry) => covers(entry, code)));
    expect(words, code).toHaveLength(1);
  }
});

test.each([
  ['taxicabs_limousines', ['4121']],
  ['agricultural_cooperative', ['0763']],
  ['truck_stop_iteration', ['7511']],
  ['airlines_air_carriers', ['3000-3350', '4511']],
  ['car_rental_agencies', ['3351-3500', '7512']],
  ['hotels_motels_and_resorts', ['3501-3997', '7011']],
])('%s means %j', (word, codes) => {
  expect(stripeWords.get(word)).toEqual(codes);
});

test('a word that is also a group means the same codes; these are all of them', () => {
  const both = Object.keys(categoryGroups).filter((name) => stripeWords.has(name));
  expect(both.toSorted()).toEqual(['department_stores', 'financial_institutions', 'utilities']);
  for (const name of both) expect(categoryGroups[name], name).toEqual(stripeWords.get(name));
});
