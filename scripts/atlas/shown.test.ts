// What somebody outside has written neither moves the cursor of a terminal nor turns a line of it round.

import { expect, test } from 'vitest';
import { forTerminal, jsonForTerminal } from './shown.ts';

const hostile = ['\u001b[2J', '\u0007', '\r', '\u202e', '\u200f', '\u2028', '\u{e0041}', '\ud83d', '\u009b31m'];

test.each(hostile)('%j is written out, in text and in JSON', (sign) => {
  const text = `oit_1   shop ${sign}B\nnext line`;
  expect(forTerminal(text)).toMatch(/^oit_1 {3}shop \[U\+[0-9A-F]{4,6}\].*B\nnext line$/);
  const json = jsonForTerminal({ name: `shop ${sign}B` });
  expect(json).not.toContain(sign);
  expect(JSON.parse(json)).toEqual({ name: `shop ${sign}B` });
});

test('what people write stays as it is', () => {
  for (const text of ['Café 👩\u200d🍳 確認済', 'a\nb'])
    expect([forTerminal(text), JSON.parse(jsonForTerminal(text))]).toEqual([text, text]);
  expect(jsonForTerminal(undefined)).toBe('null');
});
