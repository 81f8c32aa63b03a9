// What the benchmark of neighbours says of reads whose truth is known.

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../scripts/seeded-random.ts';
import { blocksOf, judge, noiseOf, quietOf } from './neighbour-statistics.ts';

const random = seededRandom(7);

/** Reads of 2 ms with an exponential tail: p99 is 2 + mean × ln 100. `pauses`: the share of half seconds in which four reads wait. */
function reads(seconds: number, { meanMs = 1, pauses = 0 } = {}): number[] {
  const times = Array.from({ length: seconds * 80 }, () => 2 - meanMs * Math.log(1 - random()));
  for (let from = 0; from < times.length; from += 40)
    if (random() < pauses) for (let n = 0; n < 4; n++) times[from + n] = 50 - n * 12.5;
  return times;
}

const quietBlocks = blocksOf(reads(120));
const quiet = quietOf(quietBlocks);

describe('a route', () => {
  test('whose neighbour is not felt is within, and its ratio is about 1', () => {
    const judged = judge(blocksOf(reads(8)), quiet);
    expect(judged.verdict).toBe('within');
    expect(judged.ratio).toBeGreaterThan(0.7);
    expect(judged.ratio).toBeLessThan(1.4);
    expect(judged.ratio_low).toBeLessThanOrEqual(judged.ratio);
    expect(judged.ratio_high).toBeGreaterThanOrEqual(judged.ratio);
  });

  test('whose neighbour makes the tail four times as long is over', () => {
    const judged = judge(blocksOf(reads(8, { meanMs: 4 })), quiet);
    expect(judged.verdict).toBe('over');
    expect(judged.ratio_low).toBeGreaterThan(2);
  });

  test('of which nothing is sure is not told: one pause in eight seconds decides no verdict', () => {
    const times = reads(8);
    for (let n = 0; n < 8; n++) times[100 + n] = 50;
    expect(judge(blocksOf(times), quiet).verdict).toBe('not told');
  });

  test('has the same verdict from the same reads', () => {
    const blocks = blocksOf(reads(8));
    expect(judge(blocks, quiet)).toEqual(judge(blocks, quiet));
  });
});

describe('the noise', () => {
  test('of a machine that does nothing else lets the run tell', () => {
    const noise = noiseOf(quietBlocks, 16);
    expect(noise?.can_tell).toBe(true);
    expect(noise?.ratio_p50).toBeGreaterThan(0.8);
  });

  test('of a machine that pauses for a while in the middle of the run does not', () => {
    const times = [...reads(60), ...reads(8, { pauses: 1 }), ...reads(60)];
    const noise = noiseOf(blocksOf(times), 16);
    expect(noise?.ratio_max).toBeGreaterThan(2);
    expect(noise?.can_tell).toBe(false);
  });

  test('is not said from fewer than two groups of quiet reads', () => {
    expect(noiseOf(blocksOf(reads(8)), 16)).toBeNull();
  });
});

test('blocks: every read is in one, the last one has the rest', () => {
  const times = Array.from({ length: 130 }, (_, n) => n);
  const blocks = blocksOf(times);
  expect(blocks.map(({ length }) => length)).toEqual([40, 40, 50]);
  expect(blocks.flat()).toEqual(times);
  expect(blocksOf([1, 2])).toEqual([[1, 2]]);
});
