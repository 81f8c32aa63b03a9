// What became of each mutant, kept in a file so that a run that was stopped goes on where it was; and the figures of a run.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { accepted } from './accepted.ts';
import type { Mutant } from './mutants-of.ts';

/**
 * `refused`: by the compiler; it does not count. `endless`: the tests did not come to an end, which somebody would notice.
 * `unreached`: no test of the room comes by it, and no command noticed; it counts as a survivor.
 */
export type Outcome = 'killed' | 'survived' | 'unreached' | 'endless' | 'refused';

export interface Found {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly killedBy: string | null;
}

/**
 * By mutant of a file as it stands: a file that has changed since is tried anew, and so is a survivor when any of the tests has
 * changed. What a test has killed stays killed, even where that test has changed.
 */
export class Outcomes {
  readonly #place: string;
  readonly #tests: string | null;
  readonly #known = new Map<string, Pick<Found, 'outcome' | 'killedBy'>>();

  /** `tests`: the text of all of them; null where not all of them are tried: what survives is not kept then. */
  constructor(place: string, tests: string | null) {
    this.#place = place;
    this.#tests = tests === null ? null : hashOf(tests);
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) return;
    for (const line of readFileSync(place, 'utf8').split('\n')) {
      if (line === '') continue;
      const { key, tests, outcome, killedBy } = JSON.parse(line);
      if (tests === null || (this.#tests !== null && tests === this.#tests))
        this.#known.set(key, { outcome, killedBy });
    }
  }

  of(mutant: Mutant, text: string): Found | null {
    const known = this.#known.get(keyOf(mutant, text));
    return known === undefined ? null : { mutant, ...known };
  }

  keep({ mutant, outcome, killedBy }: Found, text: string): void {
    const { path, line, change } = mutant;
    if (isSurvivor(outcome) && this.#tests === null) return;
    const tests = isSurvivor(outcome) ? this.#tests : null;
    const kept = { key: keyOf(mutant, text), path, line, change, outcome, killedBy, tests };
    appendFileSync(this.#place, `${JSON.stringify(kept)}\n`);
  }
}

export function isSurvivor(outcome: Outcome): boolean {
  return outcome === 'survived' || outcome === 'unreached';
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function keyOf({ path, start, end, replacement }: Mutant, text: string): string {
  return `${path} ${hashOf(text)} ${start}-${end} ${replacement}`;
}

export function reasonOf({ path, code, change }: Mutant): string | null {
  return accepted.find((one) => one.path === path && one.code === code && one.change === change)?.because ?? null;
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
    accepted: survivors.filter(({ mutant }) => reasonOf(mutant) !== null).length,
    killed_percent: compiled === 0 ? null : Math.round((1_000 * (killed + endless)) / compiled) / 10,
  };
}
