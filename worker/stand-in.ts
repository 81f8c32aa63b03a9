// The edge in the card's place: while a card cannot be reached, small purchases are approved, and the card is told by a queue
// until it has heard. Nothing is approved before the queue has taken it: what was told to a network is never forgotten.

import * as z from 'zod/mini';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { type CardMessage, cardMessageSchema } from '../contracts/card-message.ts';
import { limits } from '../contracts/limits.ts';
import { cardKeySchema, splitCardKey } from '../contracts/network.ts';
import { cardObject } from './card-object.ts';
import type { Env, FailurePolicy } from './env.ts';
import { logEvent } from './log.ts';

export const standInSchema = z.strictObject({
  version: z.literal(1),
  card_key: cardKeySchema,
  message: cardMessageSchema,
});
export type StandIn = z.infer<typeof standInSchema>;

/** The same for every repeat of a request, so that the card hears of it once. */
const keyOf = {
  standIn: (requestKey: string) => `standin-${requestKey}`,
  takeBack: (requestKey: string) => `standin-undone-${requestKey}`,
};

/**
 * What the card would be told; null where the policy has no stand-in for such a request. An increment has none: an advice says
 * the whole hold, which only the card knows. A verification or an inquiry has no amount that a bound could be put to.
 */
export function standInFor(
  request: AuthorizationRequest,
  { policy, standInMax }: FailurePolicy,
  deadlineAtMs: number,
): CardMessage | null {
  if (policy !== 'stand_in' || request.kind !== 'authorization') return null;
  const { request_key, authorization_key, currency, merchant } = request;
  const amountMax = standInMax.get(currency);
  if (amountMax === undefined || request.amount_minor > amountMax) return null;
  if (keyOf.takeBack(request_key).length > limits.networkKeyLengthMax) return null;
  return {
    kind: 'advice',
    message_key: keyOf.standIn(request_key),
    // The request's own instant: whatever the network says of it later comes after, though the card may hear that first. Without
    // one, the last at which the card could have approved it by itself, so that nothing is held twice.
    occurred_at_ms: request.occurred_at_ms ?? deadlineAtMs,
    currency,
    authorization_key,
    hold_minor: request.amount_minor,
    decided_by: 'edge',
    request_key,
    merchant,
  };
}

/** Whether the queue has taken it, within `limits.standInMs`. What it takes only later is taken back. */
export async function standIn(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  told: StandIn,
): Promise<boolean> {
  const sent = send(env, told);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limits.standInMs);
  });
  try {
    if (await Promise.race([sent, late])) return true;
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
  execution.waitUntil(takeBack(env, told, sent));
  return false;
}

async function send(env: Env, told: StandIn, delaySeconds = 0): Promise<boolean> {
  try {
    await env.STAND_INS.send(told, { contentType: 'json', delaySeconds });
    return true;
  } catch (error) {
    logEvent('error', 'stand_in_not_queued', { network: splitCardKey(told.card_key).network, error: String(error) });
    return false;
  }
}

/** Later than any deadline: a card takes an instant that it has not reached yet for the present. */
const takeBackDelaySeconds = limits.nativeDeadlineMsMax / 1_000;

/** The network was told no, so a stand-in that reached the queue after all must hold nothing. */
async function takeBack(env: Env, { card_key, message }: StandIn, sent: Promise<boolean>): Promise<void> {
  if (message.kind !== 'advice' || message.request_key === undefined || !(await sent)) return;
  const { request_key, occurred_at_ms, currency, authorization_key } = message;
  // Of two words for one instant the lower hold counts, so these two may come in any order.
  const reversal: CardMessage = {
    kind: 'reversal',
    message_key: keyOf.takeBack(request_key),
    ...(occurred_at_ms === undefined ? {} : { occurred_at_ms }),
    currency,
    authorization_key,
    amount_minor: null,
  };
  await send(env, { version: 1, card_key, message: reversal }, takeBackDelaySeconds);
}

/** Tells the cards; what a card could not take comes again, ever later, for about four days. */
export async function deliverStandIns(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(
    batch.messages.map(async (queued) => {
      try {
        const { card_key, message } = standInSchema.parse(queued.body);
        const { network, cardToken } = splitCardKey(card_key);
        await cardObject(env, network, cardToken).receive(message);
      } catch (error) {
        logEvent('error', 'stand_in_waiting', { attempts: queued.attempts, error: String(error) });
        queued.retry({ delaySeconds: Math.min(2 ** (queued.attempts - 1), limits.standInRetrySecondsMax) });
        return;
      }
      queued.ack();
    }),
  );
}
