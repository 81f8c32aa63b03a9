// Every URL of the vectors is called or refused as they say. Nothing here leaves the machine: names are resolved by the test.

import { describe, expect, test } from 'vitest';
import {
  accepted,
  acceptedInDevelopment,
  refused,
  refusedInDevelopment,
  type UrlVector,
} from '../testing/url-vectors.ts';
import { createSafeFetch } from './safe-fetch.ts';
import { judgeUrl } from './safe-url.ts';

function problemOf([url, ...addresses]: UrlVector, development: boolean): Promise<string | null> {
  const resolve = async () => (addresses.length > 0 ? addresses : ['93.184.215.14']);
  return createSafeFetch({ development, resolve }).problemOf(url);
}

describe.each([
  ['production', false, accepted, refused],
  ['development', true, [...accepted, ...acceptedInDevelopment], refusedInDevelopment],
] as const)('in %s', (_, development, good, bad) => {
  test.each(good)('%s is called (%s %s)', async (url, ...addresses) => {
    expect(await problemOf([url, ...addresses], development)).toBeNull();
  });

  test.each(bad)('%s is refused (%s %s)', async (url, ...addresses) => {
    expect(await problemOf([url, ...addresses], development)).toMatch(/^(?:must|is|holds) /);
  });
});

test('there are enough of them', () => {
  expect(accepted.length + refused.length).toBeGreaterThanOrEqual(100);
});

test('a URL is kept as it will be called', () => {
  expect(judgeUrl('https://BÜCHER.example.:443/Hooks', { development: false })).toMatchObject({
    url: { href: 'https://xn--bcher-kva.example/Hooks' },
  });
});
