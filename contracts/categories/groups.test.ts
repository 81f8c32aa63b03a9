// Groups of categories: well-formed, in order, and of codes that exist.

import { describe, expect, test } from 'vitest';
import { covers } from './covers.ts';
import { categoryGroups } from './groups.ts';
import { carRentalCategories, lodgingCategories } from './long-stays.ts';
import { categoryNames } from './names.ts';

const named = [...categoryNames.keys()];
const groups = Object.entries(categoryGroups);

test('group names are in snake_case', () => {
  for (const [name] of groups) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
});

describe.each(groups)('%s', (_, codes) => {
  test('has codes and ranges, ascending and apart', () => {
    expect(codes).not.toHaveLength(0);
    for (const [index, entry] of codes.entries()) {
      expect(entry).toMatch(/^\d{4}(-\d{4})?$/);
      if (entry.length > 4) expect(entry.slice(0, 4) < entry.slice(5), entry).toBe(true);
      const before = codes[index - 1];
      if (before !== undefined) expect(before.slice(-4) < entry.slice(0, 4), `${before} before ${entry}`).toBe(true);
    }
  });

  test('covers a named code with each of its entries', () => {
    for (const entry of codes) {
      const covered = named.filter((code) => covers(entry, code));
      expect(covered, entry).not.toHaveLength(0);
    }
  });

  test('has no unnamed code in a range, but for those set aside for chains', () => {
    for (const entry of codes.filter((one) => one.length > 4 && !one.startsWith('3'))) {
      const covered = named.filter((code) => covers(entry, code));
      expect(covered, entry).toHaveLength(Number(entry.slice(5)) - Number(entry.slice(0, 4)) + 1);
    }
  });
});

test('chains are divided among airlines, car rental and lodging without a gap, but for 3998 and 3999', () => {
  const chains = Array.from({ length: 1000 }, (_, index) => String(3000 + index));
  const owners = ['airlines', 'car_rental', 'lodging'].map((name) => categoryGroups[name] ?? []);
  const counts = chains.map((code) => owners.filter((codes) => codes.some((entry) => covers(entry, code))).length);
  expect(counts).toEqual(chains.map((code) => (code >= '3998' ? 0 : 1)));
});

test.each([
  ['a chain hotel', '3509', lodgingCategories, true],
  ['the newest hotel', '3839', lodgingCategories, true],
  ['an independent hotel', '7011', lodgingCategories, true],
  ['a railway', '3998', lodgingCategories, false],
  ['a rental chain', '3389', carRentalCategories, true],
  ['a motor home', '7519', carRentalCategories, true],
  ['an airline', '3350', carRentalCategories, false],
  ['a car park', '7523', carRentalCategories, false],
])('long stays: %s, %s', (_, code, codes, covered) => {
  expect(codes.some((entry) => covers(entry, code))).toBe(covered);
});
