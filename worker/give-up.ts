// Giving up a request: the network hears no approval, so the card must not keep one. The card may be away for longer than this
// worker lives, so the queue is told first and at once, and the card itself beside it: most cards are back within the second.

import type { CardMessage } from '../contracts/card-message.ts';
import { voidNotice } from '../contracts/card-notice.ts';
import { cardKey } from '../contracts/network.ts';
import { queueNotice, tellCard } from './card-notices.ts';
import type { CardNames } from './card-object.ts';
import type { Env } from './env.ts';
import { inTime, wait } from './in-time.ts';
import { logEvent } from './log.ts';

const attemptsMax = 5;
const retryMs = 500;

/**
 * Returns when the queue has it, or at the deadline: where time is left, the network hears of a decline only after the void is
 * durable. The rest goes on after the answer. `standIn`: an approval of our own that the queue may have taken, and nobody heard.
 */
export async function giveUp(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  request: CardNames & { requestKey: string; deadlineAtMs: number; standIn: CardMessage | null },
): Promise<void> {
  const { network, cardToken, requestKey, deadlineAtMs, standIn } = request;
  const notice = voidNotice(cardKey(network, cardToken), requestKey, standIn);
  const queued = queueNotice(env, notice);
  execution.waitUntil(untilHeard());
  await inTime(queued, deadlineAtMs);

  async function untilHeard(): Promise<void> {
    let isQueued = queued;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      try {
        return await tellCard(env, notice);
      } catch (error) {
        logEvent('warn', 'void_failed', { network, attempt, error: String(error) });
      }
      if (await isQueued) return;
      await wait(retryMs * attempt);
      isQueued = queueNotice(env, notice);
    }
    // Neither card nor queue: the hold stays until the network speaks of it, or until it expires.
    logEvent('error', 'void_not_told', { network });
  }
}
