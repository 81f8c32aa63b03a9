// What the simulator draws: every choice comes from one seed, so that a run can be made again.

import { seededRandom } from '../../scripts/seeded-random.ts';

export class Draw {
  readonly #unit: () => number;

  constructor(seed: number) {
    this.#unit = seededRandom(seed);
  }

  /** From 0 up to but not including `end`, whole. */
  below(end: number): number {
    return Math.floor(this.#unit() * end);
  }

  /** Whole, both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#unit() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const index = this.below(from.length);
    if (index >= from.length) throw new Error('there is nothing to pick from');
    return from[index] as T;
  }

  /** Some of them, at least one, in their order. */
  some<T>(from: readonly T[], most: number): T[] {
    const wanted = this.between(1, Math.min(most, from.length));
    const start = this.below(from.length);
    return Array.from({ length: wanted }, (_, index) => from[(start + index) % from.length] as T);
  }

  shuffled<T>(from: readonly T[]): T[] {
    const list = [...from];
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [list[last], list[other]] = [list[other] as T, list[last] as T];
    }
    return list;
  }
}

/** A seed of its own for each part of a run, so that one card can be run alone. */
export function seedFor(seed: number, part: number): number {
  let mixed = (seed ^ 0x9e3779b9) + Math.imul(part + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) | 0;
}
