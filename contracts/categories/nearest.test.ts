// Guesses at what was meant: close ones are made, wild ones are not.

import { expect, test } from 'vitest';
import { categoryGroups } from './groups.ts';
import { nearest, wordLengthMax } from './nearest.ts';
import { stripeWords } from './stripe-words.ts';

const known = ['airlines', 'bars', 'car_rental', 'cash', 'crypto', 'groceries', 'hotels_motels_and_resorts', 'lodging'];

test.each([
  ['grocries', 'groceries'],
  ['crytpo', 'crypto'],
  ['bar', 'bars'],
  ['Airlines', 'airlines'],
  ['Car Rental', 'car_rental'],
  [' car-rentals ', 'car_rental'],
  ['hotels', 'hotels_motels_and_resorts'],
  ['hot', null],
  ['bank', null],
  ['spaceships', null],
  ['', null],
  ['x'.repeat(100_000), null],
])('%s', (word, guess) => {
  expect(nearest(word, known)).toBe(guess);
});

test('of equally close words it is the first', () => {
  expect(nearest('cars', ['bars', 'cash'])).toBe('bars');
  expect(nearest('lodgings', ['lodging', 'lodgings_x'])).toBe('lodging');
});

test('X3: no known word is as long as those that are compared with none', () => {
  const lengths = [...Object.keys(categoryGroups), ...stripeWords.keys()].map((word) => word.length);
  expect(Math.max(...lengths) + 3).toBeLessThanOrEqual(wordLengthMax);
});
