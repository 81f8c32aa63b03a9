// Looking at a partner's URL before it is kept, which waits for a name server that the partner chose. Bounded for each
// merchant and for all of them: a name server that never answers costs its own merchant two places for three seconds, and nobody
// else anything.

import type { SafeFetch } from './safe-fetch.ts';

export interface LookLimits {
  /** At once for one owner, a merchant or the operator. A person changes one URL at a time. */
  readonly perOwner: number;
  /** At once in the process. c-ares holds a socket for each. */
  readonly all: number;
}

const lookLimits: LookLimits = { perOwner: 2, all: 16 };

/** Null: nothing is wrong with it. `busy`: not looked at, because too many are being looked at already. */
export type LookAt = (owner: string, url: string) => Promise<{ readonly problem: string } | 'busy' | null>;

export function createLookAt(fetch: Pick<SafeFetch, 'problemOf'>, limits = lookLimits): LookAt {
  const inHand = new Map<string, number>();
  let all = 0;
  return async (owner, url) => {
    const own = inHand.get(owner) ?? 0;
    if (own >= limits.perOwner || all >= limits.all) return 'busy';
    inHand.set(owner, own + 1);
    all += 1;
    try {
      const problem = await fetch.problemOf(url);
      return problem === null ? null : { problem };
    } finally {
      all -= 1;
      const left = (inHand.get(owner) ?? 1) - 1;
      if (left === 0) inHand.delete(owner);
      else inHand.set(owner, left);
    }
  };
}
