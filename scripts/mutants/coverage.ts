// Which tests reach which mutants, by one run of each test file without any of them on.

import type { Order } from './orders.ts';
import type { Trier } from './trier.ts';

export interface Covered {
  readonly project: string;
  readonly test: string;
  readonly tookMs: number;
  /** How often its tests ask for a switch. */
  readonly asked: number;
  readonly atImport: ReadonlySet<number>;
  /** By place of the test in its file. */
  readonly reached: readonly ReadonlySet<number>[];
  /** By place of the test in its file: whether it passes twice in one process. */
  readonly repeats: readonly boolean[];
}

export const without: Omit<Order, 'size' | 'drawsMax'> = { ids: [], on: null, askedMax: 0, repeats: true, tryMs: 0 };
export const usualTimeoutMs = 300_000;

type Of = Pick<Order, 'size' | 'drawsMax'> & { readonly project: string };

/** A test with a deadline in it may fail by itself on a busy machine, but hardly every time. */
const triesMax = 3;

/** Throws where the tests fail without a mutant, each time, or where there are none. */
export async function coverageOf(trier: Trier, of: Of, test: string): Promise<Covered> {
  for (let tries = 1; ; tries++) {
    try {
      return await coverageOnce(trier, of, test);
    } catch (error) {
      if (tries === triesMax) throw error;
    }
  }
}

async function coverageOnce(trier: Trier, { project, ...of }: Of, test: string): Promise<Covered> {
  const startedMs = performance.now();
  const tried = await trier.try({ project, test, order: { ...without, ...of } }, usualTimeoutMs);
  const tookMs = performance.now() - startedMs;
  if (tried === null) throw new Error(`${test} does not come to an end, without a mutant`);
  if (tried.failed !== null) throw new Error(`${test} fails without a mutant: ${tried.failed}`);
  const { found } = tried;
  if (tried.tests === 0 || found === null) throw new Error(`${test}: no test ran`);
  return {
    project,
    test,
    tookMs,
    asked: found.asked,
    atImport: new Set(found.atImport),
    reached: found.tests.map(({ reached }) => new Set(reached)),
    repeats: found.tests.map(({ repeats }) => repeats),
  };
}
