// Keys of networks that pass for card numbers: noticed, and kept as they are. A key is what tells one purchase from another: masked, two would be
// one; under a digest, what came before it was taken so would be another. Of numbers of 16 digits 5 in 100 pass by chance, so that a
// share of them says nothing, and all of them say that somebody puts card numbers there.

import type { CardEvent } from '../../contracts/card-event.ts';
import { holdsCardNumber } from '../../contracts/card-numbers/card-numbers.ts';
import { countCardData } from './found.ts';

/** Counts the event once, whichever of its keys it is. */
export function countKey(cardToken: string, event: CardEvent): void {
  if ([cardToken, ...keysOf(event)].some(holdsCardNumber)) countCardData('network_key', 'kept');
}

function keysOf(event: CardEvent): string[] {
  const said = event.kind === 'authorization' ? event.request : event.kind === 'message' ? event.message : event;
  const keys = ['request_key', 'authorization_key', 'alias_key', 'message_key'] as const;
  return keys.flatMap((name) => {
    const key = (said as Readonly<Record<string, unknown>>)[name];
    return typeof key === 'string' ? [key] : [];
  });
}
