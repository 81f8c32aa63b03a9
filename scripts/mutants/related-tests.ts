// Which tests may notice a change of a file: those that import it, or what imports it. The file's own tests come first.

import { posix } from 'node:path';
import { parseSource } from '../tidy/source.ts';

export type TextOf = (path: string) => string;

/** By file: the files that import it. */
export function importersOf(files: readonly string[], textOf: TextOf): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Set(files);
  const importers = new Map<string, Set<string>>();
  for (const path of files) {
    for (const { specifier, use } of parseSource({ path, text: textOf(path) }).imports) {
      if (use === 'type' || !specifier.startsWith('.')) continue;
      const target = posix.join(posix.dirname(path), specifier);
      if (!known.has(target)) continue;
      const of = importers.get(target) ?? new Set();
      importers.set(target, of.add(path));
    }
  }
  return importers;
}

/** Nearest first: by how many imports are in between. */
export function testsOf(path: string, importers: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const seen = new Set([path]);
  for (const file of seen) for (const importer of importers.get(file) ?? []) seen.add(importer);
  const tests = [...seen].filter((file) => file.endsWith('.test.ts'));
  const own = path.replace(/\.ts$/, '');
  return tests.sort((one, other) => Number(other.startsWith(own)) - Number(one.startsWith(own)));
}
