// The origin of a development system, started again when it has ended: cards are decided on meanwhile, which is what somebody who kills it
// wants to see. So it stays away for as long as a purchase or two take by hand.

import type { Child } from './children.ts';

export const awayMs = 20_000;
/** In a row, that it did not become ready: then something is wrong with it, and not with whoever killed it. */
const failuresMax = 3;

export interface OriginWatch {
  readonly first: Child;
  /** A new one on the same port; ready when it returns. */
  readonly startAgain: () => Promise<Child>;
  readonly say: (line: string) => void;
  /** For tests. */
  readonly waitMs?: number;
}

/** Throws the last reason where it cannot be started again. */
export async function watchOrigin({ first, startAgain, say, waitMs = awayMs }: OriginWatch): Promise<never> {
  let child: Child | null = first;
  for (let failures = 0; ; ) {
    if (child !== null) {
      const how: string = await child.exited;
      say(
        `the origin has ended (${how}; what it said: ${child.name}.log). The edge goes on deciding: npm run trigger -- authorization. What it decides is booked once the origin is back, in ${waitMs / 1_000} s`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      child = await startAgain();
      failures = 0;
      say('the origin is back');
    } catch (error) {
      child = null;
      failures += 1;
      if (failures === failuresMax) throw error;
      say(`${error instanceof Error ? error.message : error}\nIt is tried again in ${waitMs / 1_000} s`);
    }
  }
}
