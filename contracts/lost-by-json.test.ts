// Of any JSON: what a second reader could take for another body is found, and nothing else is.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldAgain, lostByJson, lostOf, withNothingLost } from './lost-by-json.ts';

const fields = (text: string) => {
  const found = lostByJson(text);
  // The short way comes to the same.
  expect(lostOf(text, JSON.parse(text))).toEqual(found);
  return found.map(({ field }) => field);
};

describe('two fields with one name', () => {
  test.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"\\u0061":1,"a":2}', ['a']],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
    ['{"x":{"":1,"":2}}', ['x.']],
    ['{"a":{"b":[{"c":1},{"c":1,"d":2,"c":3}]}}', ['a.b[1].c']],
    ['[[],[{"x":1,"x":1}]]', ['[1][0].x']],
    ['{"a":1,"a":2,"a":3}', ['a', 'a']],
    ['{"a":[1,2,{"a":1}],"b":{"a":1},"a":0}', ['a']],
    [' { "a" : "x" , "a" : "y" } ', ['a']],
    ['{"\\"":1,"\\"":2}', ['"']],
    ['{"a\\\\":1,"a\\\\":2}', ['a\\']],
    ['{"\\ud83d\\ude00":1,"😀":2}', ['😀']],
  ])('%s', (text, found) => {
    expect(fields(text)).toEqual(found);
  });

  test.each([
    ['{}'],
    ['[]'],
    ['"a"'],
    ['7'],
    ['{"a":{"a":{"a":1}}}'],
    ['[{"a":1},{"a":1}]'],
    ['{"a":"\\"a\\":1,\\"a\\":2","b":"{\\"c\\":1,\\"c\\":1}"}'],
    ['{"a":1,"A":2,"a ":3}'],
    ['{"é":1,"e\\u0301":2}'],
    ['{"a":["b","b","b"]}'],
    ['{"a\\\\":"\\\\","b":"\\\\\\""}'],
  ])('none in %s', (text) => {
    expect(fields(text)).toEqual([]);
  });

  test('at any depth, in any JSON, one that is repeated is found where it stands, and kept under another name', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.string(), fc.nat(), (value, name, pick) => {
        const text = JSON.stringify(value);
        expect(lostByJson(text)).toEqual([]);
        const opened = `{"outer":[${text},{${JSON.stringify(name)}:${text},"between":[0],${JSON.stringify(name)}:${pick}}]}`;
        fc.pre(name !== 'between');
        const lost = lostByJson(opened);
        expect(lost.map(({ path }) => path)).toEqual([['outer', 1, name]]);
        const all = JSON.parse(withNothingLost(opened, lost));
        expect(Object.values(all.outer[1])).toHaveLength(3);
        expect(fieldAgain(all)).not.toBe(null);
      }),
    );
  });

  test('of an object with thousands of names, in linear time', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `"n${n}":{"n${n}":${n}}`).join(',');
    expect(lostByJson(`{${many}}`)).toEqual([]);
    expect(fields(`{${many},"n7":1}`)).toEqual(['n7']);
    expect(fields(`{${many},"again":{"n7":1,"n7":1}}`)).toEqual(['again.n7']);
  });
});

test('what is lost is kept: the names are others, the numbers texts', () => {
  const text = '{"a":{"amount":1.00000000000000000001,"amount":2},"b":3,"b":[4]}';
  const all = JSON.parse(withNothingLost(text, lostByJson(text)));
  expect(all).toMatchObject({ a: { amount: '1.00000000000000000001' }, b: 3 });
  expect(Object.values(all.a)).toEqual(['1.00000000000000000001', 2]);
  expect(Object.values(all)[2]).toEqual([4]);
  expect(fieldAgain(all)).toBe('b');
  expect(fieldAgain({ a: [{ 'x (again, at 12)': 1 }] })).toBe('a[0].x');
  expect(fieldAgain({ a: ['x (again, at 12)'] })).toBe(null);
});

test('a path that is said holds no card number', () => {
  expect(fields('{"4111111111111111":1,"4111111111111111":2}')).toEqual(['****************']);
});

describe('a number of money that may not be what was written', () => {
  test.each([
    '100.00000000000000001',
    '99.99999999999999999',
    '100.00000000000000000',
    '-100.00000000000000001',
    '12345678901234567890',
    '1e-400',
    '1e400',
    '1e2',
    '1E+2',
    '0e0',
  ])('%s', (number) => {
    expect(fields(`{"amount_minor":${number}}`)).toEqual(['amount_minor']);
    expect(fields(`{"a":[{ "amount" : ${number} , "b":1}]}`)).toEqual(['a[0].amount']);
    expect(fields(`{"am\\u006funt":${number}}`)).toEqual(['amount']);
  });

  test.each(['0', '-0', '-0.0', '100', '100.0', '0.1', '12.34', '9007199254740991', '10.10', '1234567890.12345'])(
    '%s is',
    (number) => {
      expect(fields(`{"amount_minor":${number},"am\\u006funt":${number}}`)).toEqual([]);
    },
  );

  test('of other fields the last digits do not matter', () => {
    expect(fields('{"risk":0.300000000000000044,"amounts":[1e2],"n":12345678901234567890}')).toEqual([]);
    expect(fields('{"amount":"100.00000000000000001"}')).toEqual([]);
  });

  test('what is let through is exactly what was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(12), (digits, places) => {
        const padded = `${digits}`.padStart(places + 1, '0');
        const text = places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
        if (fields(`{"amount":${text}}`).length > 0 || Number(text) > Number.MAX_SAFE_INTEGER) return;
        const [whole = '', fraction = ''] = String(Number(Number(text).toPrecision(15))).split('.');
        fc.pre(!String(Number(text)).includes('e'));
        expect(Number(text) === Number(`${whole}.${fraction}`) || /^\d{16}$/.test(text)).toBe(true);
      }),
    );
  });

  test('numbers and texts of a megabyte are looked through', () => {
    const long = 'x\\"'.repeat(350_000);
    expect(fields(`{"a":"${long}","amount":1,"a":"${long}"}`)).toEqual(['a']);
    expect(lostByJson(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)).toEqual([]);
  });
});
