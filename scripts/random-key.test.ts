// What npm run secrets -- new key prints is a password that Marqeta takes.

import { expect, test } from 'vitest';
import { randomKey } from './random-key.ts';

test('every key is a password that Marqeta takes: 20 to 50 characters, each of the four sorts', () => {
  const keys = Array.from({ length: 500 }, randomKey);
  for (const key of keys) {
    expect(key).toMatch(/^[A-Za-z0-9_-]{20,50}$/);
    for (const sort of [/[0-9]/, /[a-z]/, /[A-Z]/, /[-_]/]) expect(key).toMatch(sort);
  }
  expect(new Set(keys).size).toBe(500);
});
