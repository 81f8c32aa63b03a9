// Card data is found wherever it hides, and what only looks like it is let through. The numbers are the networks' public test cards.

import { describe, expect, test } from 'vitest';
import { controlIdentifiers, findCardData, findCardField } from './card-data.ts';

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
  ])('%s', (path, body) => {
    const finding = findCardData(body);
    expect(finding?.path).toBe(path);
    expect(JSON.stringify(finding)).not.toContain(visa);
  });

  test.each<[why: string, body: unknown]>([
    ['a card token', { card_token: 'card_plain' }],
    ['a name that begins like one', { panel: 'a', pinned: true, tracking: 'x' }],
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

test('fields made for card data are found by their names alone', () => {
  expect(findCardField({ transactions: [{ name: visa, deep: { cvv: '1' } }] })).toMatchObject({
    path: 'transactions[0].deep.cvv',
  });
  expect(findCardField({ name: visa, [visa.slice(0, 12)]: visa })).toBeNull();
});
