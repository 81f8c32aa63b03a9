// The one hop to a card's object, within the network's deadline. When the deadline passes or the object fails, the request
// is given up: its key is voided, so an approval that had committed is released and one that comes later stays declined.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody } from '../contracts/card-event.ts';
import { fromJsonText, toJsonText } from '../contracts/json-text.ts';
import { cardKey, type Network } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import type { AuthorizeAnswer, CardObject } from '../durable-objects/card/card-object.ts';
import { type Env, settingsOf } from './env.ts';
import { logEvent } from './log.ts';

type Answer = Extract<CardEventBody, { kind: 'authorization' }>;
export type Decided = Pick<Answer, 'authorization_id' | 'decision'>;

export function cardObject(env: Env, network: Network, cardToken: string): DurableObjectStub<CardObject> {
  const { CARD_LOCATION_HINT: locationHint } = settingsOf(env);
  return env.CARDS.getByName(cardKey(network, cardToken), locationHint === undefined ? {} : { locationHint });
}

interface Call {
  readonly network: Network;
  readonly cardToken: string;
  readonly request: AuthorizationRequest;
  readonly deadlineMs: number;
}

/**
 * The decision, or null where the object could not be reached in time: the caller then answers by its network's failure
 * policy. A request key that was used for another body is refused with 409, naming the field.
 */
export async function authorize(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  call: Call,
): Promise<Decided | null> {
  const { network, cardToken, request, deadlineMs } = call;
  const startedMs = Date.now();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs);
  });
  const asked = cardObject(env, network, cardToken).authorize(toJsonText(request));
  try {
    const answerText = await Promise.race([asked, late]);
    if (answerText !== 'late') {
      const answer = fromJsonText<AuthorizeAnswer>(answerText);
      if (answer.outcome === 'decided') return answer;
      throw new Refusal(409, 'request_key_reused', `The request key was used before, with another ${answer.field}.`, [
        { field: answer.field, problem: 'differs from the first request with this key' },
      ]);
    }
    asked.catch(() => undefined); // Its outcome is settled by the void below, whatever it was.
    logEvent('error', 'authorization_late', { network, deadline_ms: deadlineMs });
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
  execution.waitUntil(voidRequest(env, { network, cardToken, requestKey: request.request_key }));
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
