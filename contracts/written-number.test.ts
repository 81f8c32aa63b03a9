// A number of JSON is shown as it came: as a number where that is what was written, else as its text.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evidenceOf } from './evidence.ts';
import { reviverFor } from './written-number.ts';

const read = (text: string) => JSON.parse(text, reviverFor(text) as never) as unknown;

test.each([
  ...['9007199254740993', '1e400', '-1e400', '123456789012345678901234567890', '0.1000000000000000055511'],
  ...[
    '1e-400',
    '9007199254740992.5',
    '100.00000000000000001',
    '-9007199254740993',
    '4.9e-325',
    '12345678901234567',
    '1e2',
    '100.00000000000000',
  ],
])('%s keeps its text, in a list and in an object', (text) => {
  expect(evidenceOf(read(`{"a":[${text},{"b":${text}}]}`), new Set())).toBe(`{"a":["${text}",{"b":"${text}"}]}`);
});

test.each([
  '0',
  '-0',
  '0.0',
  '1',
  '12.50',

  '1e-7',
  '9007199254740992',
  '123456789012345',
  '5e-324',
  '100000',
])('%s is the number that it is', (text) => {
  expect(read(text)).toBe(Number(text));
});

/** As a fraction of whole numbers. */
function fractionOf(text: string): readonly [bigint, bigint] {
  const [, sign = '', whole = '', rest = '', power = '0'] = /^(-?)(\d+)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const tens = Number(power) - rest.length;
  return [BigInt(`${sign}${whole}${rest}`) * 10n ** BigInt(Math.max(0, tens)), 10n ** BigInt(Math.max(0, -tens))];
}
const isSame = (one: string, other: string) => {
  const [[up, down], [otherUp, otherDown]] = [fractionOf(one), fractionOf(other)];
  return up * otherDown === otherUp * down;
};

test('any number: what is kept as one is shown as another writing of the same, everything else to the letter', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 });
  const number = fc
    .tuple(fc.constantFrom('', '-'), digits, fc.option(digits), fc.option(fc.integer({ min: -30, max: 30 })))
    .map(([sign, whole, rest, power]) => {
      const plain = whole.replace(/^0+(?=\d)/, '');
      return `${sign}${plain}${rest === null ? '' : `.${rest}`}${power === null ? '' : `e${power}`}`;
    });
  fc.assert(
    fc.property(number, (text) => {
      const kept = read(text);
      if (typeof kept === 'number') expect(isSame(String(kept), text)).toBe(true);
      else expect((kept as { text: string }).text).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test('a card number among them is masked, but where an id is meant', () => {
  const body = read(
    '{"note":4111111111111111110,"mid":4111111111111111110,"x":123456789012345678901,"y":4111111111111111.0000000001}',
  );
  expect(evidenceOf(body, new Set(['mid']))).toBe(
    '{"note":"*******************","mid":"4111111111111111110","x":"123456789012345678901","y":"****************.**********"}',
  );
});
