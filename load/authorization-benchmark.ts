// Authorizations per second on the bundle that would be deployed, beside a floor that writes one row and does nothing else,
// round by round in the same run: machines differ, the ratio says what is ours. Delivery to the queue is part of it.

import autocannon from 'autocannon';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { marqetaAuthorization } from './edge-cards.ts';

export interface Target {
  readonly url: string;
  /** Path and body of the next request. */
  readonly next: () => { path: string; body: string };
}

export interface Round {
  readonly requests_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly errors: number;
}

const amountsMajor = ['1.10', '4.75', '12.34', '60.00', '249.99'];
const cardMark = 'CARD_TOKEN';
const transactionMark = 'TRANSACTION_TOKEN';
const jitMark = 'JIT_TOKEN';

/** Marqeta gateway requests, each with tokens of its own, over cards in turn. `run` keeps the tokens of two runs apart. */
export function gatewayRequests(cardTokens: readonly string[], run: string): Target['next'] {
  const templates = amountsMajor.map((amount) =>
    gatewayMessage({ cardToken: cardMark, amount, transactionToken: transactionMark, jitToken: jitMark }),
  );
  let count = 0;
  return () => {
    const number = count++;
    const template = templates[number % templates.length] ?? '';
    const cardToken = cardTokens[number % cardTokens.length] ?? '';
    const body = template
      .replace(cardMark, cardToken)
      .replaceAll(transactionMark, `tx-${run}-${number}`)
      .replace(jitMark, `jit-${run}-${number}`);
    return { path: '/networks/marqeta/gateway', body };
  };
}

/** The floor gets the same bytes; the card is in the path, so that it need not parse. */
export function floorRequests(cardTokens: readonly string[], run: string): Target['next'] {
  const next = gatewayRequests(cardTokens, run);
  let count = 0;
  return () => ({ path: `/${cardTokens[count++ % cardTokens.length]}`, body: next().body });
}

export async function measure(target: Target, load: { connections: number; seconds: number }): Promise<Round> {
  const result = await autocannon({
    url: target.url,
    connections: load.connections,
    duration: load.seconds,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: marqetaAuthorization },
        setupRequest: (request) => ({ ...request, ...target.next() }),
      },
    ],
  });
  return {
    requests_per_s: result.requests.average,
    p50_ms: result.latency.p50,
    p99_ms: result.latency.p99,
    errors: result.errors + result.timeouts + result.non2xx,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
