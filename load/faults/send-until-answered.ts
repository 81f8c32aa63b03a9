// One call of a network that does not give up: the same bytes again until somebody answers.

import { marqetaAuthorization } from '../edge-cards.ts';
import type { Answer } from './records.ts';

const retryMs = 25;
const attemptMsMax = 5_000;
/** Longer than any restart takes: whoever is away for so long does not come back. */
const patienceMs = 30_000;

export async function sendUntilAnswered(edgeUrl: string, path: string, body: string): Promise<Answer> {
  let wasUnknown = false;
  const startedMs = Date.now();
  for (;;) {
    const lastSentAtMs = Date.now();
    let failure: unknown;
    try {
      const answer = await fetch(edgeUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: marqetaAuthorization },
        body,
        signal: AbortSignal.timeout(attemptMsMax),
      });
      const text = await answer.text();
      if (answer.status === 200 || answer.status === 402)
        return { status: answer.status, text, wasUnknown, lastSentAtMs, tookMs: Date.now() - startedMs };
      if (answer.status < 500) throw new Refused(`${path} answered ${answer.status}: ${text}`);
      wasUnknown = true;
      failure = new Error(`answered ${answer.status}: ${text}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
      failure = error;
      // A refused connection is the one failure that proves that nothing arrived.
      if (!wasRefused(error)) wasUnknown = true;
    }
    if (Date.now() - startedMs > patienceMs)
      throw new Error(`${path} was not answered for ${patienceMs} ms: ${failure}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** An answer that no repeat would change: the test itself is wrong. */
class Refused extends Error {}

function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
