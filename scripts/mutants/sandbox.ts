// Copies of the working tree in which mutants live: nothing is ever changed where people work. Also says which mutants a compiler
// refuses: those prove nothing of the tests, and do not count.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Mutant, mutated } from './mutants-of.ts';

export class Sandbox {
  readonly root: string;

  constructor(from: string, files: readonly string[]) {
    this.root = mkdtempSync(join(tmpdir(), 'atlas-mutants-'));
    for (const file of files) {
      mkdirSync(dirname(join(this.root, file)), { recursive: true });
      cpSync(join(from, file), join(this.root, file));
    }
    symlinkSync(join(from, 'node_modules'), join(this.root, 'node_modules'));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  /** The property tests of a file draw so many cases at most. */
  withDraws(path: string, drawsMax: number): void {
    const text = readFileSync(join(this.root, path), 'utf8');
    const capped = (_: string, runs: string) => `numRuns: ${Math.min(drawsMax, Number(runs.replaceAll('_', '')))}`;
    this.write(path, text.replaceAll(/\bnumRuns: ([\d_]+)/g, capped));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Those the compiler may say of code that is right: what a mutant leaves unused or out of reach is no mistake of types. */
const harmless = new Set(['TS6133', 'TS6192', 'TS6196', 'TS7027', 'TS2878']);

/**
 * The mutants of one file that do not compile. All of them are compiled at once, each as a file of its own beside the original:
 * a mutant that is wrong only where others import it is taken to compile.
 */
export function refusedByCompiler(sandbox: Sandbox, project: string, mutants: readonly Mutant[]): Set<Mutant> {
  const refused = new Set<Mutant>();
  const [first] = mutants;
  if (first === undefined) return refused;
  const text = readFileSync(join(sandbox.root, first.path), 'utf8');
  const placeOf = (index: number) => first.path.replace(/\.ts$/, `.mutant-${index}.ts`);
  for (const [index, mutant] of mutants.entries()) sandbox.write(placeOf(index), mutated(text, mutant));
  const tsc = join(sandbox.root, 'node_modules/.bin/tsc');
  const { stdout, error } = spawnSync(tsc, ['-p', project, '--noEmit', '--pretty', 'false'], {
    cwd: sandbox.root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  for (const [index] of mutants.entries()) rmSync(join(sandbox.root, placeOf(index)));
  for (const [, place, code] of stdout.matchAll(/\.mutant-(\d+)\.ts\(\d+,\d+\): error (TS\d+)/g)) {
    const mutant = mutants[Number(place)];
    if (mutant !== undefined && !harmless.has(code ?? '')) refused.add(mutant);
  }
  return refused;
}
