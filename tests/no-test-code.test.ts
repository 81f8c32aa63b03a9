// What runs in production is what its two entries import, and nothing of that is a test's, a sample's, a command's or a development tool's.

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { parseSource } from '../scripts/tidy/source.ts';

const root = new URL('../', import.meta.url);
const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** All files that run where this one is started, and the packages that they ask for. */
function reachedFrom(entry: string): { files: string[]; packages: string[] } {
  const files = new Set<string>([entry]);
  const packages = new Set<string>();
  for (const path of files) {
    if (!path.endsWith('.ts')) continue;
    const text = readFileSync(new URL(path, root), 'utf8');
    for (const { specifier, use } of parseSource({ path, text }).imports) {
      if (use === 'type') continue;
      if (specifier.startsWith('.')) files.add(posix.join(posix.dirname(path), specifier));
      else packages.add(specifier);
    }
  }
  return { files: [...files], packages: [...packages] };
}

const entries = [
  ['worker/index.ts', 60],
  ['origin/main.ts', 200],
] as const;
const rooms = /^(?:tests|scripts|load|ops|sdk)\/|\.test\.ts$|\/stand-in-(?:edge|s3|api)\.ts$/;

/** By its place, or because its own first lines say so. */
function isForTests(path: string): boolean {
  const text = readFileSync(new URL(path, root), 'utf8');
  const [head = ''] = text.split('\n\n');
  return rooms.test(path) || /not used by the\W+service/i.test(head);
}

const demo = /\b(?:vitest|fast-check|demo-(?:only|key)|Demo-only)/;

test.each(entries)(
  '%s imports no code of tests, samples or commands, and no tool of development',
  (entry, filesMin) => {
    const { files, packages } = reachedFrom(entry);
    expect(files.length).toBeGreaterThan(filesMin);
    expect(files.filter(isForTests)).toEqual([]);
    const outside = packages.filter((name) => !/^(?:node|cloudflare):/.test(name)).map(packageOf);
    expect(outside.filter((name) => !(name in dependencies) || name in devDependencies)).toEqual([]);
  },
);

/** `zod/mini` is of `zod`, `@hono/node-server` is one name. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

test.each(entries)(
  '%s and what it imports hold no credential of the demo, but those by which it refuses them',
  (entry) => {
    const holding = reachedFrom(entry).files.filter((path) => demo.test(readFileSync(new URL(path, root), 'utf8')));
    expect(holding.filter((path) => path !== 'contracts/published-secrets.ts')).toEqual([]);
  },
);

test('a file of tests would be found', () => {
  for (const path of [
    'origin/testing/sample-api.ts',
    'origin/testing/record-examples.ts',
    'worker/door.test.ts',
    'scripts/words.ts',
  ])
    expect([path, isForTests(path)]).toEqual([path, true]);
  expect(isForTests('origin/backtest/sample-cards.ts')).toBe(false);
  expect(reachedFrom('origin/testing/sample-api.ts').files).toContain('origin/testing/stand-in-edge.ts');
});
