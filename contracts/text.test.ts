import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { cut, findUnfit, isPlain, isWithin, plain, plainTextSchema, withSignsVisible, wordsForm } from './text.ts';

const a = (length: number) => 'A'.repeat(length);

describe('plain', () => {
  test.each([
    ['S2: half a character goes', 'A\ud83dB', 'AB'],
    ['the other half', 'A\ude00B', 'AB'],
    ['a whole one stays', 'A😀B', 'A😀B'],
    ['NUL and escape go', 'A\u0000\u001b[0mB', 'A[0mB'],
    ['line breaks and tabs become spaces', 'A\tB\r\nC\u0085D\u2028E', 'A B  CD E'],
    ['marks that reverse the reading go', '\u202eA\u2066B\ufeff', 'AB'],
    ['joiners stay', '👩\u200d🍳 می\u200cخواهم', '👩\u200d🍳 می\u200cخواهم'],
    ['accents and full width stay', 'CAFE\u0301 ＳＨＯＰ', 'CAFE\u0301 ＳＨＯＰ'],
  ])('%s', (_, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  test('of any text at all, what is left is well-formed, without control characters, and stays as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (text) => {
          const left = plain(text);
          expect(left.isWellFormed()).toBe(true);
          expect(left).not.toMatch(/\p{Cc}/u);
          expect(isPlain(left)).toBe(true);
          expect(plain(left)).toBe(left);
        },
      ),
    );
  });
});

describe('cut', () => {
  test('S1: a name that is too long ends before or after an emoji, and never within it', () => {
    expect(cut(`${a(119)}😀 and more`)).toBe(`${a(119)}😀`);
    expect(cut(`${a(120)}😀 and more`)).toBe(a(120));
  });

  test.each([
    ['a letter keeps its accents', `${a(119)}e\u0301\u0323 and more`, a(119)],
    ['an emoji of several stays whole', `${a(118)}👩\u200d🍳 and more`, a(118)],
    ['spaces at the end go', `${a(110)}${' '.repeat(20)}`, a(110)],
    ['nothing but accents is cut where the bound is', '\u0301'.repeat(200), '\u0301'.repeat(120)],
    ['what fits is left alone', '😀'.repeat(120), '😀'.repeat(120)],
  ])('%s', (_, text, expected) => {
    expect(cut(text)).toBe(expected);
  });

  test('of any text, the rest is well-formed and within the bound', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.integer({ min: 1, max: 200 }),
        (text, lengthMax) => {
          const left = cut(text, lengthMax);
          expect(isWithin(left, lengthMax)).toBe(true);
          expect(left.isWellFormed()).toBe(true);
          expect(text.startsWith(left)).toBe(true);
        },
      ),
    );
  });
});

test('a schema takes a text of as many whole characters as the bound says, and nothing unfit', () => {
  const taken = (text: unknown) => plainTextSchema.safeParse(text).success;
  expect(taken('😀'.repeat(limits.textLengthMax))).toBe(true);
  expect(taken('😀'.repeat(limits.textLengthMax + 1))).toBe(false);
  for (const text of ['a\u0000b', '\ud83d', 'a\nb', 1, null]) expect(taken(text)).toBe(false);
});

test.each<[unknown, string | null]>([
  [{ provider: 'a\u0000b' }, 'provider'],
  [{ a: [{ b: 'fine' }, { b: 'x\ny' }] }, 'a[1].b'],
  [{ a: { 'b\u0007': 1 } }, 'a'],
  ['\ud83d', 'body'],
  [{ name: 'Straße 😀 \u200f', n: 1, none: null }, 'name'],
  [{ name: 'Straße 😀', n: 1, none: null }, null],
])('a control character in %j is at %s', (value, path) => {
  expect(findUnfit(value)).toBe(path);
});

test('a control character is found however deep it stands, and its path is put together once', () => {
  const depth = 30_000;
  const body = JSON.parse(`${'['.repeat(depth)}"a\\u0000"${']'.repeat(depth)}`);
  const startMs = performance.now();
  expect(findUnfit({ deep: body })).toBe(`deep${'[0]'.repeat(depth)}`);
  expect(performance.now() - startMs).toBeLessThan(1_000);
  expect(findUnfit({ a: [1, { 'b\n': 1 }] })).toBe('a[1]');
  expect(findUnfit('\u0000')).toBe('body');
});

test.each([
  ...'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029\u200b\u2060\u00ad\ufeff\u180e\u3164\uffa0\u115f\ue000\ufff9',
  ...'\u{e0001}\u{e0041}\u{e007f}\u{e0100}\u{f0000}\u{1d173}\u{1bca0}',
])('X2: what turns the reading round or nobody sees is in no text of the API, and of none from outside: %j', (mark) => {
  expect(findUnfit({ reference: `invoice ${mark}fdp.exe` })).toBe('reference');
  expect(plain(`A${mark}B`)).toMatch(/^A ?B$/);
  expect(withSignsVisible(`A${mark}B`)).toMatch(/^A\[U\+[0-9A-F]{4,6}\]B$/);
  expect(isPlain(`invoice ${mark}`)).toBe(false);
  expect(findUnfit({ reference: 'می\u200cخواهم 👩\u200d🍳' })).toBeNull();
});

test.each([' ', '   ', '\u00a0', '\u3000\u2003'])('spaces alone are no name: %j', (text) => {
  expect(wordsForm.test(text)).toBe(false);
});

test.each(['=HYPERLINK("https://x.example","pay")', '+1+1', '-2+3', '@SUM(A1)', '  =1', '\uff1d1', '\tx', '\rx'])(
  'no formula is a name, a reference or a reason: %j',
  (text) => {
    expect(wordsForm.test(text)).toBe(false);
    expect(wordsForm.test(`of ${text}`) || /[\t\r]/.test(text)).toBe(true);
  },
);

test.each([
  '',
  'Café – Zürich',
  'نانوایی می\u200cخواهم',
  '👩\u200d🍳 ❤\ufe0f',
  'invoice 7 = 12 + 3',
  'a@b.example',
  '確認済',
  'x'.repeat(120),
])('as people write them: %j', (text) => {
  expect(wordsForm.test(text)).toBe(true);
  expect(isPlain(text)).toBe(true);
});
