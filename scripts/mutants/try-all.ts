// Mutants of any files, tried by some processes at once. What each is tried with is asked of the caller.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutated } from './mutants-of.ts';
import type { Found, Outcomes } from './outcomes.ts';
import { refusedByCompiler, Sandbox } from './sandbox.ts';
import { Trier } from './trier.ts';
import type { Attempt, Trial } from './try-mutants.ts';

export interface House {
  /** Where the files are, and which of them a sandbox needs. */
  readonly root: string;
  readonly files: readonly string[];
  /** The compiler's project of a file. */
  readonly projectOf: (path: string) => string;
  readonly attemptsOf: (path: string) => readonly Attempt[];
}

export interface Trying {
  readonly processes: number;
  readonly outcomes: Outcomes;
  readonly onFound: (found: Found, left: number) => void;
  /** The least that a mutant is given. */
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 30_000;
/** A test that fails prints more and waits longer than one that passes. */
const timeoutTimes = 6;

export async function tryAll(house: House, mutants: readonly Mutant[], trying: Trying): Promise<Found[]> {
  const textOf = (path: string) => readFileSync(join(house.root, path), 'utf8');
  const found: Found[] = [];
  const left = mutants.filter((mutant) => {
    const known = trying.outcomes.of(mutant, textOf(mutant.path));
    if (known !== null) found.push(known);
    return known === null;
  });
  const keep = (one: Found) => {
    trying.outcomes.keep(one, textOf(one.mutant.path));
    found.push(one);
  };
  const compiled = withoutRefused(house, left, (mutant) => keep({ mutant, outcome: 'refused', killedBy: null }));
  let waiting = compiled.length;
  const next = async (trier: Trier) => {
    const timeouts = new Map<string, number>();
    for (let mutant = compiled.shift(); mutant !== undefined; mutant = compiled.shift()) {
      const { path } = mutant;
      const text = textOf(path);
      const attempts = house.attemptsOf(path);
      const timeoutMs = timeouts.get(path) ?? (await timeoutOf(trier, { path, text, attempts }, trying));
      timeouts.set(path, timeoutMs);
      const tried = await trier.try({ path, text: mutated(text, mutant), attempts }, text, timeoutMs);
      const outcome = tried === null ? 'endless' : tried.killedBy === null ? 'survived' : 'killed';
      const one = { mutant, outcome, killedBy: tried?.killedBy ?? null } as const;
      keep(one);
      waiting--;
      trying.onFound(one, waiting);
    }
  };
  await Promise.all(Array.from({ length: trying.processes }, () => inSandbox(house, next)));
  return found;
}

async function inSandbox(house: House, use: (trier: Trier) => Promise<void>): Promise<void> {
  const sandbox = new Sandbox(house.root, house.files);
  const trier = new Trier(sandbox);
  try {
    await use(trier);
  } finally {
    trier.close();
    sandbox.remove();
  }
}

function withoutRefused(house: House, mutants: readonly Mutant[], onRefused: (mutant: Mutant) => void): Mutant[] {
  const sandbox = new Sandbox(house.root, house.files);
  try {
    const byFile = Map.groupBy(mutants, ({ path }) => path);
    return [...byFile].flatMap(([path, ofFile]) => {
      const refused = refusedByCompiler(sandbox, house.projectOf(path), ofFile);
      for (const mutant of refused) onRefused(mutant);
      return ofFile.filter((mutant) => !refused.has(mutant));
    });
  } finally {
    sandbox.remove();
  }
}

/** By what the file takes as it stands, which its tests must like. */
async function timeoutOf(trier: Trier, trial: Trial, { timeoutMs = usualTimeoutMs }: Trying): Promise<number> {
  const startedMs = performance.now();
  const tried = await trier.try(trial, trial.text, 600_000);
  if (tried === null) throw new Error(`the tests of ${trial.path} do not end`);
  if (tried.killedBy !== null) throw new Error(`${tried.killedBy} fails though ${trial.path} is as it was`);
  return Math.max(timeoutMs, timeoutTimes * (performance.now() - startedMs));
}
