// Names of merchant categories: four digits each, in order, and the amendments where they should be.

import { expect, test } from 'vitest';
import listed from './names.json' with { type: 'json' };
import { categoryName, categoryNames } from './names.ts';
import amended from './names-amended.json' with { type: 'json' };

test('every code has four digits and a name without stray spaces', () => {
  for (const [code, name] of categoryNames) {
    expect(code).toMatch(/^\d{4}$/);
    expect(name, code).toMatch(/^\S+( \S+)*$/);
  }
});

test('codes come in ascending order, those with a leading zero first', () => {
  const codes = [...categoryNames.keys()];
  expect(codes).toEqual(codes.toSorted());
  expect(codes[0]).toBe('0742');
});

test('all of the list and of the amendments is there', () => {
  expect(Object.keys(listed)).toHaveLength(981);
  expect(new Set(categoryNames.keys())).toEqual(new Set([...Object.keys(listed), ...Object.keys(amended)]));
});

test.each([
  ['4121', 'Taxicabs and Limousines'],
  ['0780', 'Horticultural Services, Landscaping Services'],
  // The list has the bank's counter at both codes.
  ['6010', 'Financial Institutions – Manual Cash Disbursements'],
  ['6011', 'Financial Institutions – Automated Cash Disbursements'],
  ['5552', 'Electric Vehicle Charging'],
  ['0000', null],
  ['780', null],
  ['toString', null],
])('%s is named %s', (code, name) => {
  expect(categoryName(code)).toBe(name);
});
