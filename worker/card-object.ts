// The card's object, by the names its network knows it by, and when to ask it again. A stub that threw is broken: each call
// takes a new one.

import { newerRelease, setBack } from '../contracts/internal-api.ts';
import { limits } from '../contracts/limits.ts';
import { cardKey, type Network } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import type { CardObject } from '../durable-objects/card/card-object.ts';
import type { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
import { type Env, failurePolicyOf, inJurisdiction, settingsOf } from './env.ts';
import { wait } from './in-time.ts';
import { logEvent } from './log.ts';

export function cardObject(env: Env, network: Network, cardToken: string): DurableObjectStub<CardObject> {
  const settings = settingsOf(env);
  const locationHint = failurePolicyOf(settings, network).locationHint ?? settings.CARD_LOCATION_HINT;
  const cards = inJurisdiction(env, env.CARDS);
  return cards.getByName(cardKey(network, cardToken), locationHint === undefined ? {} : { locationHint });
}

/** The card's desk for stand-ins: another object, so it may answer while the card does not. */
export function standInDesk(env: Env, card: CardNames): DurableObjectStub<StandInDesk> {
  return inJurisdiction(env, env.STAND_IN_DESKS).getByName(cardKey(card.network, card.cardToken));
}

export interface CardNames {
  readonly network: Network;
  readonly cardToken: string;
}

/**
 * Calls the card, a bounded number of times while it fails for a moment (a machine that is replaced, a new deployment). For
 * calls that may be repeated: each of the card's may. The last failure is thrown.
 */
export function callCard<T>(
  env: Env,
  { network, cardToken }: CardNames,
  call: (card: DurableObjectStub<CardObject>) => T,
): Promise<Awaited<T>> {
  return severalTimes(() => call(cardObject(env, network, cardToken)));
}

export async function severalTimes<T>(call: () => T): Promise<Awaited<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries === limits.cardTriesMax || !isForAMoment(error)) throw error;
      await wait(waitBeforeMs(tries));
    }
  }
}

/**
 * The platform's marks on an error. `retryable`: the same call may succeed. `durableObjectReset`: the object starts again from
 * what is durable. `overloaded`: more calls make it worse. Any other error is the object's own, and would only come again.
 */
export function isForAMoment(error: unknown): boolean {
  const { retryable, durableObjectReset, overloaded } = Object(error) as Record<string, unknown>;
  return overloaded !== true && (retryable === true || durableObjectReset === true);
}

/** Doubled with each try, up to a bound, and different for each caller: those that failed together do not come back together. */
export function waitBeforeMs(tries: number): number {
  const mostMs = Math.min(limits.cardRetryMsMin * 2 ** (tries - 1), limits.cardRetryMsMax);
  return mostMs * (0.5 + Math.random() / 2);
}

/** For a caller who may send the same again: nothing has happened, or it is known by its key. */
export function cardAway(network: Network, error: unknown): Refusal {
  logEvent('error', 'card_away', { network, error: String(error) });
  if (String(error).includes(newerRelease))
    return new Refusal(
      503,
      'card_of_newer_release',
      'A newer release of the edge has written this card: deploy it again.',
    );
  if (String(error).includes(setBack))
    return new Refusal(503, 'card_set_back', 'The card was set back, and is being rebuilt. Send the same again.');
  return new Refusal(503, 'card_unavailable', 'The card could not be reached in time. Send the same again.');
}
