import { expect, test } from 'vitest';
import { isIdentifier, maskedJson, maskedValue } from './found.ts';

const card = '4111111111111111';

test('what holds no card number is the same value and the same text, with its spaces', () => {
  const value = { id: 'evt_1', data: [{ memo: 'lunch', at: new Date(0) }] };
  expect(maskedValue('provider_webhook', value, isIdentifier)).toBe(value);
  expect(maskedJson('provider_webhook', '{ "memo" : "lunch" }', isIdentifier)).toBe('{ "memo" : "lunch" }');
});

test.each([
  ['in a list', { list: ['a', `x ${card}`] }],
  ['in a name', { [card]: 1 }],
  ['as a number', { amount: Number(card) }],
  ['in a field for it', { cvv: '123' }],
  ['deep', { a: { b: [{ c: card }] } }],
])('masked %s, and what came is left as it was', (_, value) => {
  const before = structuredClone(value);
  const masked = maskedValue('provider_webhook', value, isIdentifier);
  expect(masked).not.toEqual(value);
  expect(JSON.stringify(masked)).not.toMatch(/4111|123/);
  expect(value).toEqual(before);
});

test('a card number under a name that is written twice, of which JSON keeps the last, is not kept either', () => {
  const twice = `{"memo":"${card}","memo":"lunch"}`;
  expect(maskedJson('provider_webhook', twice, isIdentifier)).toBe('{"memo":"lunch"}');
});

test('an identifier keeps its digits', () => {
  const text = `{"provider_reference":"${card}"}`;
  expect(maskedJson('provider_webhook', text, isIdentifier)).toBe(text);
});
