// Countries, checked against what the platform knows of them.

import { expect, test } from 'vitest';
import { countryFromCode, countrySchema } from './country.ts';

test.each([
  ['US', 'US'],
  ['USA', 'US'],
  ['DEU', 'DE'],
  ['XK', 'XK'],
  ['XKX', 'XK'],
  ['us', null],
  ['ZZ', null],
  ['840', null],
  ['', null],
])('%s is %s', (code, country) => {
  expect(countryFromCode(code)).toBe(country);
});

test('a country is two letters: three are for adapters to convert', () => {
  expect(countrySchema.safeParse('US').success).toBe(true);
  expect(countrySchema.safeParse('USA').success).toBe(false);
});

test('there are 249 countries and Kosovo, and the platform has a name for each', () => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const pairs = letters.flatMap((first) => letters.map((second) => first + second));
  const countries = pairs.filter((pair) => countryFromCode(pair) !== null);
  expect(countries).toHaveLength(250);
  for (const country of countries) expect(names.of(country), country).toBeTypeOf('string');
});
