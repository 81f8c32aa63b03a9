// What became of each mutant, kept in a file so that a run that was stopped goes on where it was; and the figures of a run.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { accepted } from './accepted.ts';
import type { Mutant } from './mutants-of.ts';

/** `refused`: by the compiler; it does not count. `endless`: no test came to an end, which somebody would notice. */
export type Outcome = 'killed' | 'survived' | 'endless' | 'refused';

export interface Found {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly killedBy: string | null;
}

/** By mutant of a file as it stands: a file that has changed since is tried anew. Tests that have changed are not noticed. */
export class Outcomes {
  readonly #place: string;
  readonly #known = new Map<string, Pick<Found, 'outcome' | 'killedBy'>>();

  constructor(place: string) {
    this.#place = place;
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) return;
    for (const line of readFileSync(place, 'utf8').split('\n')) {
      if (line === '') continue;
      const { key, ...found } = JSON.parse(line);
      this.#known.set(key, found);
    }
  }

  of(mutant: Mutant, text: string): Found | null {
    const known = this.#known.get(keyOf(mutant, text));
    return known === undefined ? null : { mutant, ...known };
  }

  keep({ mutant, outcome, killedBy }: Found, text: string): void {
    const { path, line, change } = mutant;
    appendFileSync(
      this.#place,
      `${JSON.stringify({ key: keyOf(mutant, text), path, line, change, outcome, killedBy })}\n`,
    );
  }
}

function keyOf({ path, start, end, replacement }: Mutant, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${path} ${hash} ${start}-${end} ${replacement}`;
}

export function reasonOf({ path, code, change }: Mutant): string | null {
  return accepted.find((one) => one.path === path && one.code === code && one.change === change)?.because ?? null;
}

/** `killed_percent`: of those that compile, those that a test noticed; accepted survivors count against it like any other. */
export function figuresOf(found: readonly Found[]) {
  const count = (outcome: Outcome) => found.filter((one) => one.outcome === outcome).length;
  const survivors = found.filter(({ outcome }) => outcome === 'survived');
  const [killed, endless, refused] = [count('killed'), count('endless'), count('refused')];
  const compiled = found.length - refused;
  return {
    mutants: compiled,
    refused_by_compiler: refused,
    killed,
    endless,
    survived: survivors.length,
    accepted: survivors.filter(({ mutant }) => reasonOf(mutant) !== null).length,
    killed_percent: compiled === 0 ? null : Math.round((1_000 * (killed + endless)) / compiled) / 10,
  };
}
