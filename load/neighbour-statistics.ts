// What the reads of a tenant beside a neighbour say against those that it made alone, and how sure they say it.
//
// The p99 is taken over all reads of a kind together, not over a round's: a round has 160 of them, so its p99 is its second longest, and
// one pause of the machine decides it. Alone is alone whichever route comes next, so all quiet reads of a run are one sample: of a route's own
// few the p99 would be half of the noise. Between them stands a bootstrap: reads are drawn again, by half seconds and not one by
// one, since a pause makes several neighbouring reads late; the middle 95 % of a thousand such ratios is the interval.
//
// Not known from it: how it is on a machine with more cores, or where the clients are elsewhere.

import { type Random, seededRandom } from '../scripts/seeded-random.ts';
import { percentile, rounded } from './statistics.ts';

/** A beside-p99 of at most so many quiet ones is what is promised. */
const ratioMax = 2;
/** Of the reader's 80 in a second: half a second's. */
const readsInBlock = 40;
const draws = 1_000;

/** Reads that followed each other, in ms. */
type Block = readonly number[];

export function blocksOf(times: readonly number[]): Block[] {
  const count = Math.max(1, Math.floor(times.length / readsInBlock));
  return Array.from({ length: count }, (_, n) =>
    times.slice(n * readsInBlock, n === count - 1 ? times.length : (n + 1) * readsInBlock),
  );
}

/** Quiet reads of a whole run. */
export interface Quiet {
  readonly p99_ms: number;
  /** The p99 of each draw. */
  readonly drawn: readonly number[];
}

export function quietOf(blocks: readonly Block[]): Quiet {
  return { p99_ms: percentile(blocks.flat(), 99), drawn: drawnP99(blocks, seededRandom(1)) };
}

export interface Judged {
  readonly ratio: number;
  readonly ratio_low: number;
  readonly ratio_high: number;
  readonly verdict: 'within' | 'over' | 'not told';
}

export function judge(beside: readonly Block[], quiet: Quiet): Judged {
  const ratios = drawnP99(beside, seededRandom(2)).map((p99, n) => p99 / (quiet.drawn[n] ?? Number.NaN));
  const [low, high] = [percentile(ratios, 2.5), percentile(ratios, 97.5)];
  return {
    ratio: rounded(percentile(beside.flat(), 99) / quiet.p99_ms, 2),
    ...{ ratio_low: rounded(low, 2), ratio_high: rounded(high, 2) },
    verdict: high <= ratioMax ? 'within' : low > ratioMax ? 'over' : 'not told',
  };
}

export interface Noise {
  readonly ratio_p50: number;
  readonly ratio_max: number;
  /** False: quiet reads against quiet ones come to more than what is promised, so nothing is told of any route. */
  readonly can_tell: boolean;
}

/**
 * The ratio where there is no neighbour: quiet reads, as many as a route has of those beside, against the rest of the run's. Null: too few
 * routes were measured to say it.
 */
export function noiseOf(blocks: readonly Block[], blocksOfRoute: number): Noise | null {
  const groups = Math.floor(blocks.length / blocksOfRoute);
  if (groups < 2) return null;
  const ratios = Array.from({ length: groups }, (_, n) => {
    const [from, to] = [n * blocksOfRoute, (n + 1) * blocksOfRoute];
    const rest = [...blocks.slice(0, from), ...blocks.slice(to)];
    return percentile(blocks.slice(from, to).flat(), 99) / percentile(rest.flat(), 99);
  });
  const max = percentile(ratios, 100);
  return { ratio_p50: rounded(percentile(ratios, 50), 2), ratio_max: rounded(max, 2), can_tell: max <= ratioMax };
}

/** Each of as many blocks as there are, with repetition; from a seed, so that the same reads have the same interval. */
function drawnP99(blocks: readonly Block[], random: Random): number[] {
  return Array.from({ length: draws }, () => {
    const drawn = blocks.map(() => blocks[Math.floor(random() * blocks.length)] ?? []);
    // Sorted as numbers are, without a function that compares: a run's quiet reads are ten thousand, a thousand times.
    const sorted = Float64Array.from(drawn.flat()).sort();
    return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
  });
}
