// Words to codes: what is taken, what is refused and how, and the listing of everything.

import { expect, test } from 'vitest';
import { categoryGroups } from './groups.ts';
import { categoryNames } from './names.ts';
import { categoriesListing, resolveCategory } from './resolve.ts';
import { stripeWords } from './stripe-words.ts';

test.each<[why: string, word: string, codes: readonly string[]]>([
  ['a code', '5411', ['5411']],
  ['a code with a leading zero', '0742', ['0742']],
  ['a code without a name', '9998', ['9998']],
  ['a range', '3000-3299', ['3000-3299']],
  ['a range of one code', '3000-3000', ['3000']],
  ['a range of everything', '0000-9999', ['0000-9999']],
  ['a group', 'gambling', ['7800-7802', '7995', '9406']],
  ['a group kept in a file of its own', 'lodging', ['3501-3997', '7011', '7012', '7033']],
  ['a Stripe word', 'taxicabs_limousines', ['4121']],
  ['a group and Stripe word', 'utilities', ['4900']],
])('%s: %s', (_, word, codes) => {
  expect(resolveCategory(word)).toEqual({ codes });
});

const digits = 'is no category: a code has four digits ("5411"), a range two codes ("3000-3299")';
const unknown = 'is neither a category code, a range, a group nor a Stripe category';
const list = '(GET /categories lists them all)';

test.each<[why: string, word: string, problem: string]>([
  ['three digits', '541', `"541" ${digits}`],
  ['five digits', '54111', `"54111" ${digits}`],
  ['a range with a short end', '3000-99', `"3000-99" ${digits}`],
  ['a range with spaces', '3000 - 3299', `"3000 - 3299" ${digits}`],
  ['a range with a dash for the hyphen', '3000–3299', `"3000–3299" ${digits}`],
  ['a range with no end', '3000-', `"3000-" ${digits}`],
  ['a line break after a code', '5411\n', `"5411\\n" ${digits}`],
  ['digits of another script', '٥٤١١', `"٥٤١١" ${unknown} ${list}`],
  ['a range backwards', '3299-3000', 'the range "3299-3000" ends before it starts; write "3000-3299"'],
  ['a slip in a group', 'grocries', `"grocries" ${unknown}; did you mean "groceries"? ${list}`],
  ['a name as people write it', 'Car Rental', `"Car Rental" ${unknown}; did you mean "car_rental"? ${list}`],
  ['a slip in a Stripe word', 'dry_cleaner', `"dry_cleaner" ${unknown}; did you mean "dry_cleaners"? ${list}`],
  ['nothing like a word', 'spaceships', `"spaceships" ${unknown} ${list}`],
  ['a word of the language', 'constructor', `"constructor" ${unknown} ${list}`],
  ['nothing', '', `"" ${unknown} ${list}`],
])('refused, %s: %j', (_, word, problem) => {
  expect(resolveCategory(word)).toEqual({ problem });
});

test('every named code is itself, every group and Stripe word what its table says', () => {
  for (const code of categoryNames.keys()) expect(resolveCategory(code)).toEqual({ codes: [code] });
  for (const [word, codes] of Object.entries(categoryGroups)) expect(resolveCategory(word)).toEqual({ codes });
  for (const [word, codes] of stripeWords) expect(resolveCategory(word)).toEqual({ codes });
});

test('the listing has every named code, with the words that cover it', () => {
  const listing = categoriesListing();
  expect(listing.map(({ code }) => code)).toEqual([...categoryNames.keys()]);
  const byCode = new Map(listing.map((row) => [row.code, row]));
  expect(byCode.get('7995')).toEqual({
    code: '7995',
    name: categoryNames.get('7995'),
    groups: ['gambling', 'quasi_cash'],
    stripeWords: ['betting_casino_gambling'],
  });
  expect(byCode.get('3509')).toMatchObject({ groups: ['lodging'], stripeWords: ['hotels_motels_and_resorts'] });
  expect(byCode.get('5992')).toMatchObject({ groups: [], stripeWords: ['florists'] });
});
