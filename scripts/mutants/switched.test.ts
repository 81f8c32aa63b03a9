// A file with its mutants behind switches does what the file with one of them does; and what the file does with none switched on.

import { expect, test } from 'vitest';
import { mutantsOf, mutated } from './mutants-of.ts';
import { switched } from './switched.ts';

const values = [
  [1, 2],
  [2, 1],
  [2, 2],
] as const;

/** What the function says to some pairs of numbers; an error is an answer. */
function answersOf(text: string, on: number): unknown[] {
  const code = text.replace('export function say', 'return function say');
  const say = new Function('globalThis', code)({ __m: (id: number) => id === on });
  return values.map(([a, b]) => {
    try {
      return say(a, b);
    } catch (error) {
      return String(error);
    }
  });
}

test.for([
  ['return a < b;'],
  ['return a < b && b !== 2 ? a + b : -b;'],
  ['const c = [a, b].some((one) => one > 1) || !(a > b); return c;'],
  ['const c = { d: [a, 2 * b] }; return c?.d.some((one) => one === Math.min(a, b));'],
  ['const c = a > 1 ? { d: { e: b } } : null; return c?.d.e ?? 7;'],
  ['let c = 0; for (const one of [1, 2, 3]) { if (one === a) continue; else c += one; } return c;'],
  ["let c = ''; switch (a) { case 1: c = 'one'; break; default: c = 'more'; } return c + 'x';"],
  ['let c = a; c++; if (c > b) c *= 3; return c;'],
])('%s', ([body]) => {
  const text = `export function say(a, b) { ${body} }\n`;
  const mutants = mutantsOf('toy.ts', text).map((mutant, id) => ({ id, mutant }));
  const all = switched(text, mutants);
  expect(answersOf(all, -1)).toEqual(answersOf(text, -1));
  for (const { id, mutant } of mutants)
    expect([mutant.change, answersOf(all, id)]).toEqual([mutant.change, answersOf(mutated(text, mutant), -1)]);
});

test('lines stay where they are up to the first mutant, and types are no place for one', () => {
  const text = "type A = 'x';\nexport const a = 'x' as 'x' | 'y';\nexport const b = 1;\n";
  const [first, ...others] = mutantsOf('toy.ts', text);
  expect([first?.line, first?.change, others.length]).toEqual([2, "'x' → ''", 1]);
});
