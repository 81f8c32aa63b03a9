// The one hop to a card's object, within the network's deadline. When the deadline passes or the object fails, the network's
// failure policy answers: the edge stands in, or the request is given up. Then its key is voided, so an approval that had
// committed is released and one that comes later stays declined.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { fromJsonText, toJsonText } from '../contracts/json-text.ts';
import { limits } from '../contracts/limits.ts';
import { cardKey, type Network } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import type { AuthorizeAnswer } from '../durable-objects/card/card-object.ts';
import { cardObject } from './card-object.ts';
import { type Env, failurePolicyOf, settingsOf } from './env.ts';
import { logEvent } from './log.ts';
import { standIn, standInFor } from './stand-in.ts';

type DecidedAnswer = Extract<AuthorizeAnswer, { outcome: 'decided' }>;
export type Outcome =
  | DecidedAnswer
  /** Approved by the edge, for the whole amount: the card will be told. */
  | { readonly outcome: 'stood_in' }
  /** Given up: the caller says so as its network's failure policy wants it. */
  | { readonly outcome: 'unavailable' };

interface Call {
  readonly network: Network;
  readonly cardToken: string;
  readonly request: AuthorizationRequest;
  readonly arrivedAtMs: number;
  /** How long the network waits, less its way there and back. */
  readonly deadlineMs: number;
}

/** A request key that was used for another body is refused with 409, naming the field. */
export async function authorize(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  call: Call,
): Promise<Outcome> {
  const { network, cardToken, request, arrivedAtMs, deadlineMs } = call;
  const policy = failurePolicyOf(settingsOf(env), network);
  // Where the edge may stand in, the end of the deadline is for that.
  const standInAtMs = arrivedAtMs + deadlineMs - limits.standInMs;
  const message = standInFor(request, policy, standInAtMs);
  const decided = await ask(env, call, message === null ? arrivedAtMs + deadlineMs : standInAtMs);
  if (decided !== null) return decided;
  if (message !== null) {
    const told = { version: 1, card_key: cardKey(network, cardToken), message } as const;
    if (await standIn(env, execution, told)) {
      logEvent('warn', 'authorization_stood_in', { network });
      return { outcome: 'stood_in' };
    }
  }
  execution.waitUntil(voidRequest(env, { network, cardToken, requestKey: request.request_key }));
  return { outcome: 'unavailable' };
}

/**
 * The object's answer; null where it came too late or not at all. The object gets the same deadline, an instant: what reaches
 * it later it declines by itself. Both clocks are the platform's, milliseconds apart.
 */
async function ask(
  env: Env,
  { network, cardToken, request }: Call,
  deadlineAtMs: number,
): Promise<DecidedAnswer | null> {
  const startedMs = Date.now();
  const waitMs = Math.max(0, deadlineAtMs - startedMs);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), waitMs);
  });
  const asked = cardObject(env, network, cardToken).authorize(toJsonText(request), deadlineAtMs);
  try {
    const answerText = await Promise.race([asked, late]);
    if (answerText !== 'late') {
      const answer = fromJsonText<AuthorizeAnswer>(answerText);
      if (answer.outcome === 'decided') return answer;
      throw new Refusal(409, 'request_key_reused', `The request key was used before, with another ${answer.field}.`, [
        { field: answer.field, problem: 'differs from the first request with this key' },
      ]);
    }
    asked.catch(() => undefined); // What came of it is settled by the void or the stand-in that follows.
    logEvent('error', 'authorization_late', { network, waited_ms: waitMs });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    logEvent('error', 'authorization_unavailable', {
      network,
      waited_ms: Date.now() - startedMs,
      error: String(error),
    });
  } finally {
    // A timer left behind would keep the whole request in memory until its deadline, past the young garbage collections.
    if (timer !== null) clearTimeout(timer);
  }
  return null;
}

const voidAttemptsMax = 5;
const voidRetryMs = 500;

/** Best effort while the worker may live; the network's own word of the time-out releases what this could not. */
async function voidRequest(
  env: Env,
  { network, cardToken, requestKey }: { network: Network; cardToken: string; requestKey: string },
): Promise<void> {
  for (let attempt = 1; attempt <= voidAttemptsMax; attempt++) {
    try {
      await cardObject(env, network, cardToken).void(requestKey);
      return;
    } catch (error) {
      logEvent('warn', 'void_failed', { network, attempt, error: String(error) });
      await new Promise((resolve) => setTimeout(resolve, voidRetryMs * attempt));
    }
  }
}
