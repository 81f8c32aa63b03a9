// Card data is found wherever it hides, and what only looks like it is let through. The numbers are the networks' public test cards.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controlIdentifiers, findCardData, findCardField, holdsCardNumber, maskCardNumbers } from './card-data.ts';

const visa = '4111111111111111';

describe('a text holds a card number', () => {
  test.each([
    visa,
    '4111 1111 1111 1111',
    '4111-1111-1111-1111',
    `paid with ${visa}, thanks`,
    '４１１１１１１１１１１１１１１１',
    '5555555555554444',
    '2223003122003222',
    '378282246310005',
    '3782 822463 10005',
    '6011111111111117',
    '3530111333300000',
    '6200000000000005',
    '30569309025904',
  ])('%s', (text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  test.each([
    '',
    '4111111111111112',
    `${visa}1`,
    `1${visa}`,
    '411111111111111',
    '0000000000000000',
    '1234567890123452',
    '2026-11-21 12:00:00 0000',
    '00000000-0000-4000-8000-000000000001',
  ])('but not: %s', (text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });

  test('one digit wrong is never a card number', () => {
    fc.assert(
      fc.property(fc.nat(15), fc.integer({ min: 1, max: 9 }), (place, step) => {
        const digit = (Number(visa[place]) + step) % 10;
        expect(holdsCardNumber(`${visa.slice(0, place)}${digit}${visa.slice(place + 1)}`)).toBe(false);
      }),
    );
  });
});

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

describe('masking', () => {
  test.each([
    [
      'F3: an airline and a ticket of 13 digits that passes for a card',
      'SINGAPORE AI6184898801929',
      'SINGAPORE AI*************',
    ],
    ['a card among words', `paid by ${visa}, thanks`, 'paid by ****************, thanks'],
    ['grouped', 'x 4111 1111 1111 1111 y', 'x **** **** **** **** y'],
    ['with a group beside it', '4111111111111111 0123', '**************** ****'],
    ['behind a group', '12 4111-1111-1111-1111', '** ****-****-****-****'],
    ['by points', '4111.1111.1111.1111', '****.****.****.****'],
    ['with its expiry behind it', '41111111111111112512', '********************'],
    ['full width', '４１１１１１１１１１１１１１１１', '****************'],
    ['two of them', `${visa}/${visa}`, '****************/****************'],
  ])('%s', (_, text, masked) => {
    expect(maskCardNumbers(text)).toBe(masked);
  });

  test.each(['', 'EXAMPLE GROCER', 'SINGAPORE AI6184898801928', '+49 30 1234 5678', '2026-03-04 12:00:00', 'ＳＨＯＰ'])(
    '%j stays as it is',
    (text) => {
      expect(maskCardNumbers(text)).toBe(text);
    },
  );

  test('what is masked holds no card number any more, whatever stands around one', () => {
    const around = fc.string({ unit: fc.constantFrom(...'0159 -.aZ*４'), maxLength: 12 });
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(holdsCardNumber(maskCardNumbers(`${before}${visa}${after}`))).toBe(false);
      }),
    );
  });
});

test('fields made for card data are found by their names alone', () => {
  expect(findCardField({ transactions: [{ name: visa, deep: { cvv: '1' } }] })).toMatchObject({
    path: 'transactions[0].deep.cvv',
  });
  expect(findCardField({ name: visa, [visa.slice(0, 12)]: visa })).toBeNull();
});
