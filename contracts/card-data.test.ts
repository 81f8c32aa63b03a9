// Card data is found wherever it hides, and what only looks like it is let through. The numbers are the networks' public test cards.

import { describe, expect, test } from 'vitest';
import { controlIdentifiers, findCardData, findCardField } from './card-data.ts';
import { holdsCardNumber } from './card-numbers/card-numbers.ts';

const visa = '4111111111111111';

describe('a body with card data is refused by where it stands, never by what it is', () => {
  test.each<[path: string, body: unknown]>([
    ['pan', { pan: '' }],
    ['card.cardNumber', { card: { cardNumber: null } }],
    ['card.card_number', { card: { card_number: '1' } }],
    ['CVV2', { CVV2: 1 }],
    ['payment[1].track-2-data', { payment: [{}, { 'track-2-data': '' }] }],
    ['memo', { memo: `card ${visa}` }],
    ['memo', { memo: Number(visa) }],
    ['lines[1]', { lines: ['one', visa] }],
    ['body', visa],
    ['note', { note: { [visa]: true } }],
    ['lines', { lines: ['4111', '1111', '1111', '1111'] }],
    ['lines', { lines: ['4111', '1111', '1111', '1111', '1227'] }],
    ['lines[0].of', { lines: [{ of: [4111, 1111, 1111, 1111] }] }],
    ['body', [3782, '822463', 10_005]],
    ['memo', { memo: '4111<br>1111<br/>1111<br />1111' }],
    ['memo', { memo: '<td>4111</td><td class="n">1111</td><td>1111</td><td>1111</td>' }],
    ['memo', { memo: '["4111","1111","1111","1111"]' }],
    ['memo', { memo: '4111, 1111, 1111, 1111' }],
  ])('%s', (path, body) => {
    const finding = findCardData(body);
    expect(finding?.path).toBe(path);
    expect(JSON.stringify(finding)).not.toContain(visa);
  });

  test.each<[why: string, body: unknown]>([
    ['a card token', { card_token: 'card_plain' }],
    ['a name that begins like one', { panel: 'a', pinned: true, tracking: 'x' }],
    ['a list of years', { years: [2026, 2027, 2028] }],
    ['a list of categories', { memo: '5411, 5812, 5814, 5912, 5541' }],
    ['nothing', null],
    ['true', true],
  ])('but not: %s', (_, body) => {
    expect(findCardData(body)).toBeNull();
  });

  test('fields that a contract defines as identifiers may hold any number, and only those', () => {
    const identifiers = new Set(['mid']);
    expect(findCardData({ card_acceptor: { mid: visa } }, { identifiers })).toBeNull();
    expect(findCardData({ card_acceptor: { name: visa } }, { identifiers })?.path).toBe('card_acceptor.name');
  });

  test('ten thousand levels of nesting are looked through', () => {
    let body: unknown = visa;
    for (let level = 0; level < 10_000; level++) body = [body];
    expect(findCardData(body)).not.toBeNull();
  });
});

test('a merchant id in a control passes for a card number and is taken; the pattern of a name is searched', () => {
  const number = '4111111111111111';
  const identifiers = new Set<string>(controlIdentifiers);
  const control = (applies_to: object) => ({ controls: [{ control_id: 'c', applies_to }] });
  for (const list of ['any_of', 'none_of']) {
    expect(findCardData(control({ merchant: { [list]: ['1', number] } }), { identifiers })).toBeNull();
    expect(findCardData(control({ merchant_name: { [list]: [number] } }), { identifiers })).toMatchObject({
      path: `controls[0].applies_to.merchant_name.${list}[0]`,
    });
  }
});

test('four categories that add up to a card number are four categories', () => {
  const identifiers = new Set<string>(controlIdentifiers);
  // Of the same length and check digit as a Mastercard's.
  const any_of = ['5411', '5812', '5814', '4123'].map((code, at) => (at === 3 ? checkedGroup : code));
  expect(findCardData({ any_of })?.path).toBe('any_of');
  expect(findCardData({ controls: [{ applies_to: { category: { any_of } } }] }, { identifiers })).toBeNull();
});
/** The one that makes 5411 5812 5814 a card number. */
const checkedGroup =
  Array.from({ length: 10 }, (_, digit) => `412${digit}`).find((group) => holdsCardNumber(`5411 5812 5814 ${group}`)) ??
  '';

test('fields made for card data are found by their names alone', () => {
  expect(findCardField({ transactions: [{ name: visa, deep: { cvv: '1' } }] })).toMatchObject({
    path: 'transactions[0].deep.cvv',
  });
  expect(findCardField({ name: visa, [visa.slice(0, 12)]: visa })).toBeNull();
});
