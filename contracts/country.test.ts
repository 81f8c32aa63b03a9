// Countries, checked against what the platform knows of them.

import { expect, test } from 'vitest';
import { countryFromCode, countrySchema } from './country.ts';

test.each([
  ['US', 'US'],
  ['USA', 'US'],
  ['DEU', 'DE'],
  ['XK', 'XK'],
  ['XKX', 'XK'],
  ['us', 'US'],
  ['gbr', 'GB'],
  ['840', 'US'],
  ['36', 'AU'],
  ['036', 'AU'],
  ['4', 'AF'],
  ['QZZ', 'XK'],
  ['900', 'XK'],
  ['383', 'XK'],
  ['UK', 'GB'],
  ['ROM', 'RO'],
  ['SCG', 'RS'],
  ['TMP', 'TL'],
  ['ZAR', 'CD'],
  ['280', 'DE'],
  // A code in force wins over the historical country that had it: Burundi, not Burma's second one.
  ['BI', 'BI'],
  // Fell apart into several countries.
  ['AN', null],
  ['ANT', null],
  ['SUN', null],
  ['ZZ', null],
  ['000', null],
  ['999', null],
  ['', null],
])('%s is %s', (code, country) => {
  expect(countryFromCode(code)).toBe(country);
});

test('a country is two letters: three are for adapters to convert', () => {
  expect(countrySchema.safeParse('US').success).toBe(true);
  expect(countrySchema.safeParse('USA').success).toBe(false);
});

test('there are 249 countries and Kosovo, each itself, and the platform has a name for each', () => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const pairs = letters.flatMap((first) => letters.map((second) => first + second));
  const countries = pairs.filter((pair) => countryFromCode(pair) === pair);
  expect(countries).toHaveLength(250);
  for (const country of countries) expect(names.of(country), country).toBeTypeOf('string');
});

test('a number and three letters are of one country, for all of them', () => {
  // Of ISO 3166-1's list, at its ends and where numbers are neighbours.
  for (const [letters, number] of [
    ['AFG', '004'],
    ['ALA', '248'],
    ['ZWE', '716'],
    ['SRB', '688'],
    ['SSD', '728'],
    ['SDN', '729'],
    ['CUW', '531'],
    ['SXM', '534'],
    ['BES', '535'],
    ['JEY', '832'],
  ] as const)
    expect(countryFromCode(letters)).toBe(countryFromCode(number));
});
