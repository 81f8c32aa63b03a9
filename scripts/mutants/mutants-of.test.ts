// Which changes are made of a text, and which parts of it are left alone.

import { expect, test } from 'vitest';
import { mutantsOf, mutated } from './mutants-of.ts';

const changesOf = (text: string) => mutantsOf('toy.ts', text).map(({ change }) => change);

test.for([
  ['export const isLess = (a: number, b: number) => a < b;', ['< → <=', '< → >=']],
  ['export const sum = (a: number, b: number) => a + b;', ['+ → -']],
  ["export const said = (a: string) => 'so ' + a;", ["'so ' → ''"]],
  ["export const said = 'word';", ["'word' → ''"]],
  ['export const list = [1];', ['[1] → []', '1 → 2']],
  ['export const not = (a: boolean) => !a;', ['!a → a']],
  ['export const both = (a: boolean, b: boolean) => a && b;', ['&& → ||']],
  ['export const most = (a: number) => Math.max(a, a);', ['max → min']],
  ['export const or = (a: number | null, b: number) => a ?? b;', ['without its ?? default']],
  ['export const deep = (a?: { b: string }) => a?.b;', ['without ?.']],
  ['export function act(a: { do(): void }) { a.do(); }', ['without a.do();']],
  ['export const one = (a: boolean, b: string, c: string) => (a ? b : c);', ['a → true', 'a → false']],
] as const)('%s', ([text, changes]) => {
  expect(changesOf(text)).toEqual(changes);
});

test.for([
  ["import { a } from 'b';"],
  ["export type Kind = 'one' | 'two';"],
  ["export const kind: 'one' | null = null;"],
  ["export function fail() { throw new Error('in words'); }"],
  ["export function say() { console.error('in words', 1); }"],
])('nothing is changed of %s', ([text]) => {
  expect(changesOf(text ?? '').filter((change) => !change.startsWith('without console'))).toEqual([]);
});

test('a mutant is the text with one change', () => {
  const text = 'export const isLess = (a: number, b: number) => a < b;\n';
  const [first] = mutantsOf('toy.ts', text);
  expect(first && mutated(text, first)).toBe(text.replace('<', '<='));
  expect(first).toMatchObject({ path: 'toy.ts', line: 1, code: text.trim() });
});
