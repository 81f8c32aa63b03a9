// What there is to see of providers: their breakers, what their exchanges came to, and how long each took.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** As numbers for the gauge: a rule asks for the largest. */
const breakerValues = { closed: 0, half_open: 1, open: 2 } as const;
export type BreakerState = keyof typeof breakerValues;

export interface ProviderMetrics {
  setBreaker(psp: string, state: BreakerState): void;
  countExchange(exchange: {
    readonly peer: string;
    readonly kind: 'submit' | 'ask';
    readonly outcome: string;
    readonly code: string;
    /** Null: it was refused here, and nothing was sent. */
    readonly durationMs: number | null;
  }): void;
}

export function createProviderMetrics(registry: Registry): ProviderMetrics {
  const registers = [registry];
  const breaker = new Gauge({
    name: 'circuit_breaker_state',
    help: 'Breaker of a payment provider: 0 closed, 1 half open, 2 open',
    labelNames: ['psp'],
    registers,
  });
  const exchanges = new Counter({
    name: 'provider_exchanges_total',
    help: 'Submissions to payment providers and questions about them, by what they came to',
    labelNames: ['psp', 'kind', 'outcome'],
    registers,
  });
  const troubles = new Counter({
    name: 'provider_troubles_total',
    help: 'Exchanges that were not taken or did not tell, by their reason',
    labelNames: ['psp', 'kind', 'code'],
    registers,
  });
  const durationSeconds = new Histogram({
    name: 'http_client_request_duration_seconds',
    help: 'From the request to its answer, or to giving up on it',
    labelNames: ['peer', 'outcome'],
    // OpenTelemetry's boundaries for HTTP, and the 20 s at which a provider is given up.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20],
    registers,
  });
  return {
    setBreaker: (psp, state) => breaker.set({ psp }, breakerValues[state]),
    countExchange({ peer, kind, outcome, code, durationMs }) {
      exchanges.inc({ psp: peer, kind, outcome });
      if (outcome === 'not_taken' || outcome === 'unknown') troubles.inc({ psp: peer, kind, code });
      if (durationMs !== null) durationSeconds.observe({ peer, outcome }, durationMs / 1_000);
    },
  };
}
