// The card's object, by the names its network knows it by. A stub that threw is broken: each call takes a new one.

import { cardKey, type Network } from '../contracts/network.ts';
import type { CardObject } from '../durable-objects/card/card-object.ts';
import { type Env, settingsOf } from './env.ts';

export function cardObject(env: Env, network: Network, cardToken: string): DurableObjectStub<CardObject> {
  const { CARD_LOCATION_HINT: locationHint } = settingsOf(env);
  return env.CARDS.getByName(cardKey(network, cardToken), locationHint === undefined ? {} : { locationHint });
}
