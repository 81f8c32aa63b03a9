// As many requests as a target answers on several connections, by autocannon. Its percentiles are whole milliseconds.

import autocannon from 'autocannon';
import { marqetaAuthorization } from './edge-cards.ts';
import type { NextRequest } from './gateway-requests.ts';

export interface Target {
  readonly url: string;
  readonly next: NextRequest;
  /** Beside those of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** For so long, or so many requests; `ratePerS` of them a second at most. */
export interface Load {
  readonly connections: number;
  readonly seconds?: number;
  readonly requests?: number;
  readonly ratePerS?: number;
}

export interface Round {
  readonly requests_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly errors: number;
}

export async function measureMany(target: Target, load: Load): Promise<Round> {
  const result = await autocannon({
    url: target.url,
    connections: load.connections,
    ...(load.seconds === undefined ? {} : { duration: load.seconds }),
    ...(load.requests === undefined ? {} : { amount: load.requests }),
    ...(load.ratePerS === undefined ? {} : { overallRate: load.ratePerS }),
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: marqetaAuthorization, ...target.headers },
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
