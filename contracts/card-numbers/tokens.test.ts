// Random ids and usual addresses are no cards, whatever digits they have by chance; what only looks like one of them is searched.

import { expect, test } from 'vitest';
import { tokenShapes } from '../testing/sample-tokens.ts';
import { holdsCardNumber } from './card-numbers.ts';

const visa = '4111111111111111';

/** Park and Miller: enough for ids, and the same ones each time. */
function seededBelow(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % end;
  };
}

test.each(Object.entries(tokenShapes(seededBelow(20_261_127))))('random tokens are none: %s', (_, make) => {
  const alarms = Array.from({ length: 5_000 }, make).filter((token) => holdsCardNumber(token));
  expect(alarms).toEqual([]);
});

test('a card in a token is found where the rest of the word is no hex, or is what a chip writes behind it', () => {
  for (const text of [
    `x${visa}y`,
    `x${visa}deadbeefdeadbeef`,
    `deadbeefdeadbeef${visa}z`,
    `cafe${visa}`,
    `${visa}D25121010000012345678`,
    `${visa}d25121010000012345678ffff`,
    `${visa}FFFFFFFFFFFF`,
    `abcdef ${visa} abcdef`,
  ])
    expect(holdsCardNumber(text), text).toBe(true);
});

test.each([
  'https://hooks.example/services/T024BE7LD/B0123456/abc4242xyz',
  'https://hooks.example/catch/1234567/abcdef',
  'https://a.example/2026/11/27/1200/5411?page=12&size=50',
  'https://10.0.0.1:8443/v1/events?tenant=0042',
  'https://a.example/hook/00000000-0000-4000-8000-000000000001',
])('an address as partners have it is none: %s', (text) => {
  expect(holdsCardNumber(text)).toBe(false);
});
