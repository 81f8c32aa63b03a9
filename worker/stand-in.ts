// The edge in the card's place: while a card cannot be reached, small purchases are approved, and the card is told by a queue
// until it has heard. Only for a card that its desk knows as active, and within the desk's bounds for a day. Nothing is approved
// before the queue has taken it: what was told to a network is never forgotten.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { receiveNotice } from '../contracts/card-notice.ts';
import { limits } from '../contracts/limits.ts';
import { cardKey } from '../contracts/network.ts';
import type { StandInAdvice, StandInBounds } from '../durable-objects/stand-in/stand-in-desk.ts';
import { queueNotice } from './card-notices.ts';
import { type CardNames, severalTimes, standInDesk } from './card-object.ts';
import type { Env } from './env.ts';
import type { FailurePolicy } from './failure-policy.ts';
import { inTime } from './in-time.ts';
import { logEvent } from './log.ts';
import { standInStanding } from './stand-in-switch.ts';

/** The same for every repeat of a request, so that the card hears of it once. */
const standInKey = (requestKey: string) => `standin-${requestKey}`;

/** What the card would be told, and what its desk may allow on one day. */
export interface StandIn {
  readonly advice: StandInAdvice;
  readonly bounds: StandInBounds;
}

/**
 * Null where the policy has no stand-in for such a request. An increment has none: only the card
 * knows whether there is anything that it adds to. A verification or an inquiry has no amount that a bound could be put to.
 */
export function standInFor(
  request: AuthorizationRequest,
  { policy, standInMax, standInCountPerDay, standInSumPerDay }: FailurePolicy,
): StandIn | null {
  if (policy !== 'stand_in' || request.kind !== 'authorization') return null;
  const { request_key, authorization_key, currency, merchant, occurred_at_ms, order } = request;
  const amountMax = standInMax.get(currency);
  if (amountMax === undefined || request.amount_minor > amountMax) return null;
  if (standInKey(request_key).length > limits.networkKeyLengthMax) return null;
  const advice = {
    kind: 'advice',
    message_key: standInKey(request_key),
    // The network's own stamp and number of the request, where it gave them: the card orders by them as if it had approved.
    ...(occurred_at_ms === undefined ? {} : { occurred_at_ms }),
    ...(order === undefined ? {} : { order }),
    currency,
    authorization_key,
    hold_minor: request.amount_minor,
    decided_by: 'edge',
    request_key,
    merchant,
  } as const;
  const sum_minor_max = standInSumPerDay.get(currency) ?? amountMax;
  return { advice, bounds: { count_max: standInCountPerDay, sum_minor_max } };
}

/**
 * `given`: the desk allows it and the queue has it, before the deadline. `queued`: the queue may have it all the same, though the
 * network hears no approval. `refused`: the card never hears of it.
 */
export type StandInOutcome = 'given' | 'queued' | 'refused';

export async function standIn(
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
  { card, advice, bounds, deadlineAtMs }: StandIn & { card: CardNames; deadlineAtMs: number },
): Promise<StandInOutcome> {
  const { network, cardToken } = card;
  const standing = await standInStanding(env, network, deadlineAtMs);
  if (standing !== 'on') {
    logEvent('warn', 'stand_in_refused', { network, reason: `switch_${standing}` });
    return 'refused';
  }
  const asked = severalTimes(() => standInDesk(env, card).standIn(advice, bounds, deadlineAtMs));
  const allowed = await inTime(asked, deadlineAtMs).catch((error: unknown) => String(error));
  if (allowed !== 'given') {
    logEvent('warn', 'stand_in_refused', { network, reason: allowed });
    // The desk may have given it, and its answer come too late: a repeat must not be answered otherwise than this one.
    if (allowed === 'late') execution.waitUntil(forget());
    return 'refused';
  }
  const queued = queueNotice(env, receiveNotice(cardKey(network, cardToken), advice));
  if ((await inTime(queued, deadlineAtMs)) === true) return 'given';
  execution.waitUntil(forget());
  return 'queued';

  async function forget(): Promise<void> {
    await severalTimes(() => standInDesk(env, card).giveUp(String(advice.request_key))).catch((error: unknown) => {
      logEvent('warn', 'stand_in_not_given_up', { network, error: String(error) });
    });
  }
}
