// A card number in the groups of which several values of JSON have one each is found, and nothing else beside it is.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceOf } from '../evidence.ts';
import { scattered, scatteredCards } from '../testing/sample-tokens.ts';
import { piecesOfCards } from './pieces.ts';

const all = { isIdentifier: (name: string) => name === 'card_token', numbersOfFields: true };
const groupsIn = (text: string) => text.match(/\p{Nd}+/gu) ?? [];

describe.each(Object.entries(scattered))('X2: %s', (_, scatter) => {
  test('are found, and no digit is kept, wherever in a fact they stand', () => {
    expect(scatteredCards.length).toBeGreaterThan(10);
    for (const groups of scatteredCards) {
      const value = scatter(groups);
      expect(piecesOfCards(value, all), JSON.stringify(value)).not.toBe(null);
      const fact = { type: 'odd', amount: 12.5, currency: 'USD', memo: value, state: 'CLEARED', after: 'words' };
      const kept = JSON.parse(evidenceOf(fact, new Set()));
      expect(groupsIn(JSON.stringify(kept.memo)), JSON.stringify(value)).toEqual([]);
      expect(kept).toMatchObject({ type: 'odd', amount: 12.5, currency: 'USD', state: 'CLEARED', after: 'words' });
    }
  });

  test('one digit wrong, and they are kept as they are', () => {
    for (const groups of scatteredCards) {
      const wrong = [...groups.slice(0, 3), `${groups[3]?.slice(0, 3)}${(Number(groups[3]?.at(-1)) + 1) % 10}`];
      const value = scatter(wrong);
      // Which order numbered names had nobody knows: these are masked always.
      if (Object.keys(value as object)[0] === [...wrong].sort()[0]) continue;
      expect(JSON.parse(evidenceOf(value, new Set()))).toEqual(JSON.parse(JSON.stringify(value)));
    }
  });
});

test.each([
  ['groups of other sizes in lists', [['424242'], ['4242'], ['424242']]],
  ['two halves in fields', { a: '42424242', b: '42424242' }],
  ['4-6-5', [['3782'], ['822463'], ['10005']]],
  ['one digit a list', [...'4242424242424242'].map((digit) => [Number(digit)])],
])('found: %s', (_, value) => {
  expect(piecesOfCards(value, all)).not.toBe(null);
});

test.each([
  ['an identifier', { card_token: ['4242', '4242', '4242', '4242'].map((group) => [group]) }],
  ['a letter between', ['4242', 'x', '4242', '4242', '4242']],
  ['categories', { merchants: [{ mcc: '5411' }, { mcc: '5812' }, { mcc: '5814' }, { mcc: '5999' }] }],
  ['a reference of twelve digits beside a category', { rrn: '424242424242', mcc: '4242' }],
  ['an amount beside an instant', { amount_minor: 401_288, occurred_at_ms: 1_764_250_000_000 }],
  ['one number by itself', { a: '4242' }],
  ['a long list of numbers', Array.from({ length: 200 }, (_, n) => 9_000 + n)],
  ['nothing', []],
  ['a text', 'x'],
])('not taken for one: %s', (_, value) => {
  expect(piecesOfCards(value, all)).toBe(null);
});

test('numbers of fields are amounts and counts to our own API, numbers in lists are not', () => {
  const strict = { ...all, numbersOfFields: false };
  expect(piecesOfCards({ a: 4242, b: 4242, c: 4242, d: 4242 }, strict)).toBe(null);
  expect(piecesOfCards({ a: [[4242], [4242], [4242], [4242]] }, strict)?.field).toBe('a');
  expect(piecesOfCards({ memo: { a: '4242', b: '4242', c: '4242', d: '4242' } }, strict)?.field).toBe('memo');
});

test('a usual message of a network has none, and values of any JSON cost no more than they are long', () => {
  const message = {
    ...{ type: 'authorization.clearing', token: '1234-5678', card_token: 'abc', amount: 12.5, state: 'CLEARED' },
    ...{ currency_code: 'USD', acquirer_reference_data: '24242424242424242424242', network_reference_id: '4242' },
    card_acceptor: {
      mid: '000000000012345',
      mcc: '5411',
      name: 'SHOP 12',
      city: 'Oakland',
      zip: '94601',
      country: '840',
    },
    pos: { pan_entry_mode: 'MAG_STRIPE', pin_entry_mode: 'true', terminal_id: 'TR100000', partial_approval_capable: 0 },
  };
  expect(piecesOfCards(message, all)).toBe(null);
  let deep: unknown = 1;
  for (let level = 0; level < 50_000; level++) deep = [deep];
  expect(piecesOfCards(deep, all)).toBe(null);
  expect(
    piecesOfCards(
      Array.from({ length: 30_000 }, () => 7),
      all,
    ),
  ).toBe(null);
  fc.assert(fc.property(fc.jsonValue(), (value) => void piecesOfCards(value, all)));
});
