// What core keeps in memory of each purchase of one card, for the 35 days in which a message may still come for it: the greater part of what stays on
// the heap of an isolate. Rows go to the log, and are not in the figure.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { newId } from '../contracts/ids.ts';
import { fromJsonText, toJsonText } from '../contracts/json-text.ts';
import { Card } from '../core/card/card.ts';
import { requestOf } from '../worker/networks/marqeta/gateway.ts';
import { type GatewayMessage, parseMarqeta } from '../worker/networks/marqeta/wire.ts';
import { everydayProfile } from './edge-cards.ts';
import { gatewayRequests } from './gateway-requests.ts';

/** Bytes a purchase, of an everyday card that has made as many before: what is made once (caches, compiled code) is there by then. */
export function retainedBytesAPurchase(purchases: number): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const usedBytes = () => {
    for (let time = 0; time < 3; time++) collect();
    return process.memoryUsage().heapUsed;
  };
  const card = new Card(
    {
      append: () => undefined,
      at: (sequence) => {
        throw new Error(`event ${sequence} was not kept`);
      },
      freshIds: () => ({ event_id: newId('evt'), authorization_id: newId('auth') }),
    },
    null,
    [],
  );
  let nowMs = Date.UTC(2026, 10, 27);
  card.putProfile(everydayProfile(), nowMs);
  const next = gatewayRequests(['card'], 'retained');
  const buy = () => {
    const message = parseMarqeta(next().body) as GatewayMessage;
    // As it comes over the hop.
    const request = fromJsonText<AuthorizationRequest>(toJsonText(requestOf(message)));
    const { outcome } = card.authorize(request, nowMs++, null);
    if (outcome !== 'decided') throw new Error(`a purchase was ${outcome}`);
  };
  for (let count = 0; count < purchases; count++) buy();
  const beforeBytes = usedBytes();
  for (let count = 0; count < purchases; count++) buy();
  return (usedBytes() - beforeBytes) / purchases;
}
