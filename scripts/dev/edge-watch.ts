// The edge of a development system, kept alive: wrangler starts a workerd that was killed anew, and the port may stay dead all the
// same. What does not answer is said, and started again with wrangler and all; its cards are on the disk.

import type { Child } from './children.ts';

const askEveryMs = 1_000;
const askWithinMs = 2_000;
/** In a row: a busy machine may be late once. */
const silencesMax = 3;

export interface EdgeWatch {
  readonly url: string;
  readonly first: Child;
  /** A new one on the same port; ready when it returns. */
  readonly startAgain: () => Promise<Child>;
  readonly say: (line: string) => void;
}

/** Ends with how the edge ended, where that came by itself. */
export async function watchEdge({ url, first, startAgain, say }: EdgeWatch): Promise<{ child: Child; how: string }> {
  let child = first;
  let silences = 0;
  for (;;) {
    const how = await Promise.race([child.exited, pause(askEveryMs)]);
    if (how !== null) return { child, how };
    silences = (await answers(url)) ? 0 : silences + 1;
    if (silences < silencesMax) continue;
    say(`the edge does not answer: it is started again (what it said: ${child.name}.log)`);
    await child.stop();
    child = await startAgain();
    silences = 0;
    say('the edge answers again');
  }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(askWithinMs) }).catch(() => null);
  await answer?.body?.cancel();
  return answer !== null;
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null));
}
