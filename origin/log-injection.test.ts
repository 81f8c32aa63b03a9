// What a stranger writes stays a text in the log: it ends no line, begins none, and moves no cursor. Through the real logger, as JSON and as
// people see it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { pretty } from './log-pretty.ts';

const forged = '{"level":"info","msg":"a line that nobody wrote"}';
const texts: readonly (readonly [what: string, text: string])[] = [
  ['a line feed', `shop\n${forged}`],
  ['a carriage return', `shop\r${forged}`],
  ['both', `shop\r\n${forged}`],
  ['a line separator', `shop\u2028${forged}`],
  ['a paragraph separator', `shop\u2029${forged}`],
  ['NEL, a new line beyond ASCII', `shop\u0085${forged}`],
  ['an ANSI colour', 'shop\u001b[31mERROR\u001b[0m'],
  ['an ANSI command that clears the screen', '\u001b[2J\u001b[1;1H'],
  ['an ANSI title of the window', '\u001b]0;pwned\u0007'],
  ['the one-character beginning of a command', 'shop\u009b2J'],
  ['backspaces', `level=error${'\b'.repeat(11)}level=debug`],
  ['NUL', 'shop\u0000rest'],
  ['DEL', 'shop\u007f'],
  ['the other direction of writing', 'shop\u202egnissim\u2066'],
  ['a backslash before an n, which is none', 'C:\\new'],
];

type Log = ReturnType<typeof createLog>;

/** Wherever a text of a stranger's can stand in a line: message, field, deep field, name of a field, error, cause. */
const places: readonly (readonly [where: string, say: (log: Log, text: string) => void])[] = [
  ['in the message', (log, text) => log.info(text)],
  ['in a field', (log, text) => log.warn({ merchant: text }, 'said')],
  ['deep in a field', (log, text) => log.warn({ body: { list: [{ name: text }] } }, 'said')],
  ['as the name of a field', (log, text) => log.warn({ [text]: 1 }, 'said')],
  ['in an error', (log, text) => log.error({ err: new Error(text) }, 'a request failed')],
  [
    "in an error's cause",
    (log, text) => log.error({ err: new Error('x', { cause: new Error(text) }) }, 'a request failed'),
  ],
];
const each = places.flatMap(([where, say]) => texts.map(([what, text]) => [what, where, text, say] as const));

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const acts = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function asJson(say: (log: Log) => void): string {
  const lines: string[] = [];
  say(createLog({ level: 'info', to: { write: (line) => lines.push(line) } }));
  return lines.join('');
}

function asPretty(say: (log: Log) => void): string {
  const lines: string[] = [];
  say(createLog({ level: 'info', to: pretty({ write: (line) => lines.push(line) }) }));
  return lines.join('');
}

describe.each(each)('%s %s', (_, __, text, say) => {
  test('is one line of JSON, in which the text is whole, and nothing that a terminal acts on', () => {
    const written = asJson((log) => say(log, text));
    expect(written.endsWith('\n')).toBe(true);
    expect(written.slice(0, -1)).not.toMatch(/\n/);
    expect(written).not.toMatch(acts);
    expect(textsIn(JSON.parse(written))).toContainEqual(expect.stringContaining(text));
  });

  test('is read as text by a person: no line of its own, and nothing that a terminal acts on', () => {
    const written = asPretty((log) => say(log, text));
    expect(written).not.toMatch(acts);
    expect(written).not.toBe('');
    const [first = '', ...more] = written.trimEnd().split('\n');
    expect(first).toMatch(/^\[?[\d:.]+\]? (?:INFO|WARN|ERROR)/);
    // An error's members and calls stand below it, indented by the printer: nothing else begins a line.
    for (const line of more) expect(line).toMatch(/^ {4}/);
    for (const line of more) expect(line.trimStart().startsWith(forged)).toBe(false);
  });
});

test('a text is written out though a card number beside it is masked', () => {
  const written = asJson((log) => log.info({ merchant: 'shop\u009b2J 4111111111111111' }, 'said'));
  expect(written).not.toMatch(acts);
  expect(written).not.toContain('4111111111111111');
  expect(JSON.parse(written)).toMatchObject({ merchant: expect.stringContaining('shop\u009b2J ') });
});

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...textsIn(member)]);
}

test('any text at all is in the log as it was, in one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const written = asJson((log) => log.info({ merchant: text }, 'said'));
      expect(written.split(/[\n\r\u2028\u2029\u0085]/)).toHaveLength(2);
      expect(written).not.toMatch(acts);
      const { merchant } = JSON.parse(written) as { merchant: string };
      // A number that may be a card's is masked; half a character is none.
      if (text.isWellFormed() && !/\d{6}/.test(text)) expect(merchant).toBe(text);
    }),
  );
});
