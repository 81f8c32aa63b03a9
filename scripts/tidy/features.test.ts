// The rule of the origin's features, on a repository made of a few lines.

import { expect, test } from 'vitest';
import { featureFindings } from './features.ts';
import { parseSource } from './source.ts';

function found(...files: readonly (readonly [path: string, text: string])[]): string[] {
  const sources = files.map(([path, text]) => parseSource({ path, text }));
  return featureFindings(sources).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

const start = (line: string) => ['origin/start.ts', `${line}\nexport const one = 1;\n`] as const;
const listed = start("import { createCards } from './features/cards.ts';");
const cards = ['origin/features/cards.ts', 'export function createCards() {}\nexport interface Cards {}\n'] as const;

test('one function that makes it, listed by start.ts, is what is asked for', () => {
  expect(found(listed, cards)).toEqual([]);
});

test.each([
  ['a type alone', start("import type { Cards } from './features/cards.ts';")],
  ['nothing of it', start("import { x } from './listen.ts';")],
])('a feature that start.ts does not list is found: it imports %s', (_, file) => {
  expect(found(file, cards)).toEqual(['origin/features/cards.ts:1 feature']);
});

test.each([
  'export function createCards() {}\nexport const routes = [];\n',
  'export function cards() {}\n',
  'export class Cards {}\n',
  'export interface Cards {}\n',
])('a file of a feature exports one create… and types: %j', (text) => {
  expect(found(listed, ['origin/features/cards.ts', text])).toEqual(['origin/features/cards.ts:1 feature']);
});

test('a feature is made by start.ts alone; its type is anybody’s, and feature.ts is the contract', () => {
  const made = "import { createCards } from '../features/cards.ts';\nexport const one = 1;\n";
  expect(found(listed, cards, ['origin/api/app.ts', made])).toEqual(['origin/api/app.ts:1 feature']);
  const other = (line: string) => ['origin/features/cards.ts', `${line}\nexport function createCards() {}\n`] as const;
  expect(found(listed, other("import type { Audit } from './audit.ts';"))).toEqual([]);
  expect(found(listed, other("import { type Feature, nothingToClose } from './feature.ts';"))).toEqual([]);
  expect(found(listed, other("import { createAudit } from './audit.ts';"))).toEqual([
    'origin/features/cards.ts:1 feature',
  ]);
});
