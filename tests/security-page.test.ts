// docs/security.md promises a test for each item: each named test has to be there, under that name, in that file.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8');
const states = ['yes', 'part', 'no', 'n/a'] as const;

const rows = page
  .split('\n')
  .filter((line) => /^\| (?:API\d+|\d+\.\d+\.\d+) \|/.test(line))
  .map((line) => {
    const [id = '', what = '', state = '', shownBy = '', remark = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const tests = [...shownBy.matchAll(/`(?<file>[^`›]+) › (?<name>[^`]+)`/g)].map(({ groups = {} }) => ({
      file: groups['file'] ?? '',
      name: groups['name'] ?? '',
    }));
    return { id, what, state, tests, remark, hasOther: shownBy.split('<br>').filter(Boolean).length !== tests.length };
  });

const asked = [
  ...Array.from({ length: 10 }, (_, index) => `API${index + 1}`),
  ...['1.3.6', '2.3.2', '2.3.4', '2.4.1', '4.1.1', '4.1.2', '4.1.3', '4.2.1', '7.2.3', '7.2.4', '7.3.2', '7.4.1'],
  ...['8.2.1', '8.2.2', '8.2.3', '9.1.2', '9.1.3', '9.2.3', '11.4.1', '11.4.3', '11.5.1', '12.3.1', '13.2.1'],
  ...['13.2.4', '13.2.5', '13.3.1', '13.3.2', '13.4.4', '14.2.1', '14.3.2', '15.2.3', '15.3.1', '15.3.2', '15.3.3'],
  ...['15.3.6', '15.3.7', '16.2.1', '16.2.5', '16.3.2', '16.3.3', '16.3.4', '16.4.1', '16.4.2', '16.4.3', '16.5.1'],
  ...['16.5.2', '16.5.3'],
];

function asPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Whether a source has a test or a group of tests of exactly this name: the first argument of a call, and no text elsewhere. */
function hasTest(source: string, name: string): boolean {
  const quoted = ["'", '"', '`'].map(
    (quote) => quote + name.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote,
  );
  const calls = quoted.map((text) => new RegExp(`\\(\\s*${asPattern(text)}\\s*,`));
  return calls.some((call) => call.test(source));
}

test('every item that is asked for has one row, in order', () => {
  expect(rows.map(({ id }) => id)).toEqual(asked);
});

test.each(rows)('$id: each test that it names is there', ({ tests, hasOther }) => {
  expect(hasOther).toBe(false);
  for (const { file, name } of tests) {
    expect(file).toMatch(/\.test\.ts$/);
    expect(existsSync(file), `${file} is a file`).toBe(true);
    expect(hasTest(readFileSync(file, 'utf8'), name), `${file} has the test "${name}"`).toBe(true);
  }
});

test.each(rows)('$id: what is said to be shown names a test, and what is not says why', ({ state, tests, remark }) => {
  expect(states).toContain(state);
  if (state === 'yes' || state === 'part') expect(tests).not.toEqual([]);
  if (state === 'no') expect(tests).toEqual([]);
  if (state !== 'yes') expect(remark).not.toBe('');
});

test('a name is found only as the first argument of a call, and only whole', () => {
  const source =
    "test('is there', () => {});\ntest.each([1])(\n  'is there for %s',\n  () => {},\n);\nconst text = 'is a text';\n";
  expect(hasTest(source, 'is there')).toBe(true);
  expect(hasTest(source, 'is there for %s')).toBe(true);
  for (const name of ['is', 'is a text', 'there', 'is.there']) expect(hasTest(source, name)).toBe(false);
});

test('the count of each state is the one that is written', () => {
  const count = (wanted: string) => rows.filter(({ state }) => state === wanted).length;
  const [yes, part, no, none] = states.map(count);
  expect(page).toContain(`Of ${rows.length} items: ${yes} yes, ${part} part, ${no} no, ${none} n/a.`);
});
