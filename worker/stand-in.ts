// The edge in the card's place: while a card cannot be reached, small purchases are approved, and the card is told by a queue
// until it has heard. Nothing is approved before the queue has taken it: what was told to a network is never forgotten.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import { type CardNotice, receiveNotice } from '../contracts/card-notice.ts';
import { limits } from '../contracts/limits.ts';
import { queueNotice } from './card-notices.ts';
import type { Env, FailurePolicy } from './env.ts';
import { inTime } from './in-time.ts';

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
  notice: CardNotice,
): Promise<boolean> {
  const queued = queueNotice(env, notice);
  const isQueued = await inTime(queued, Date.now() + limits.standInMs);
  if (isQueued === true) return true;
  execution.waitUntil(takeBack(env, notice, queued));
  return false;
}

/** Later than any deadline: a card takes an instant that it has not reached yet for the present. */
const takeBackDelaySeconds = limits.nativeDeadlineMsMax / 1_000;

/** The network was told no, so a stand-in that reached the queue after all must hold nothing. */
async function takeBack(env: Env, notice: CardNotice, queued: Promise<boolean>): Promise<void> {
  if (notice.does !== 'receive' || notice.message.kind !== 'advice') return;
  const { request_key, occurred_at_ms, currency, authorization_key } = notice.message;
  if (request_key === undefined || !(await queued)) return;
  // Of two messages for one instant the lower hold counts, so these two may come in any order.
  const reversal: CardMessage = {
    kind: 'reversal',
    message_key: keyOf.takeBack(request_key),
    ...(occurred_at_ms === undefined ? {} : { occurred_at_ms }),
    currency,
    authorization_key,
    amount_minor: null,
  };
  await queueNotice(env, receiveNotice(notice.card_key, reversal), takeBackDelaySeconds);
}
