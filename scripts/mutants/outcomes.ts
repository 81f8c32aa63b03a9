// What became of each mutant, kept in a file so that a run that was stopped goes on where it was; and the figures of a run.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { acceptedInObjects } from './accepted-objects.ts';
import { acceptedInSums } from './accepted-sums.ts';
import { acceptedInTurns } from './accepted-turns.ts';
import type { Mutant } from './mutants-of.ts';

/**
 * `refused`: by the compiler; it does not count. `endless`: the tests did not come to an end, which somebody would notice.
 * `unreached`: no test of the room comes by it, and no command noticed; it counts as a survivor. `untried`: nor with all tests yet; so does
 * that.
 */
export type Outcome = 'killed' | 'survived' | 'unreached' | 'untried' | 'endless' | 'refused';

export interface Found {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly killedBy: string | null;
}

/**
 * By mutant of a file as it stands: a file that has changed since is tried anew, and so is a survivor when any of its room's tests has
 * changed. What a test has killed stays killed, even where that test has changed.
 */
export class Outcomes {
  readonly #place: string;
  readonly #testsOf: (path: string) => string | null;
  readonly #known = new Map<string, Pick<Found, 'outcome' | 'killedBy'> & { readonly tests: string | null }>();

  /**
   * `testsOf`: the text of all tests that a file's mutants are tried with; null where not all of them are tried: what survives is not
   * kept then.
   */
  constructor(place: string, testsOf: (path: string) => string | null) {
    this.#place = place;
    const hashes = new Map<string, string>();
    this.#testsOf = (path) => {
      const text = testsOf(path);
      if (text === null) return null;
      const hash = hashes.get(text) ?? hashOf(text);
      hashes.set(text, hash);
      return hash;
    };
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) return;
    for (const line of readFileSync(place, 'utf8').split('\n')) {
      if (line === '') continue;
      const { key, tests, outcome, killedBy } = JSON.parse(line);
      this.#known.set(key, { outcome, killedBy, tests });
    }
  }

  of(mutant: Mutant, text: string): Found | null {
    const known = this.#known.get(keyOf(mutant, text));
    if (known === undefined) return null;
    const { tests, outcome, killedBy } = known;
    return tests === null || tests === this.#testsOf(mutant.path) ? { mutant, outcome, killedBy } : null;
  }

  keep({ mutant, outcome, killedBy }: Found, text: string): void {
    const { path, line, change } = mutant;
    const tests = isSurvivor(outcome) ? this.#testsOf(path) : null;
    if (isSurvivor(outcome) && tests === null) return;
    const kept = { key: keyOf(mutant, text), path, line, change, outcome, killedBy, tests };
    appendFileSync(this.#place, `${JSON.stringify(kept)}\n`);
  }
}

export function isSurvivor(outcome: Outcome): boolean {
  return outcome === 'survived' || outcome === 'unreached' || outcome === 'untried';
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function keyOf({ path, start, end, replacement }: Mutant, text: string): string {
  return `${path} ${hashOf(text)} ${start}-${end} ${replacement}`;
}

const accepted = [...acceptedInTurns, ...acceptedInSums, ...acceptedInObjects];

export function reasonOf({ path, code, change }: Mutant): string | null {
  return accepted.find((one) => one.path === path && one.code === code && one.change === change)?.because ?? null;
}

/** Reasons that no mutant of their file has any more, because its line has changed: whoever changed it has to look at it anew. */
export function reasonsOfNone(mutants: readonly Mutant[]): string[] {
  const paths = new Set(mutants.map(({ path }) => path));
  const known = new Set(mutants.map(({ path, code, change }) => JSON.stringify([path, code, change])));
  return accepted
    .filter(({ path, code, change }) => paths.has(path) && !known.has(JSON.stringify([path, code, change])))
    .map(({ path, code, change }) => `${path}: ${change} in ${code}`);
}

/** `killed_percent`: of those that compile, those that a test noticed; accepted survivors count against it like any other. */
export function figuresOf(found: readonly Found[]) {
  const count = (outcome: Outcome) => found.filter((one) => one.outcome === outcome).length;
  const survivors = found.filter(({ outcome }) => isSurvivor(outcome));
  const [killed, endless, refused] = [count('killed'), count('endless'), count('refused')];
  const compiled = found.length - refused;
  return {
    mutants: compiled,
    refused_by_compiler: refused,
    killed,
    endless,
    survived: survivors.length,
    of_them_unreached: count('unreached'),
    of_them_untried: count('untried'),
    accepted: survivors.filter(({ mutant }) => reasonOf(mutant) !== null).length,
    killed_percent: compiled === 0 ? null : Math.round((1_000 * (killed + endless)) / compiled) / 10,
  };
}
