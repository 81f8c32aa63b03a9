// What there is to see of providers: their breakers, what their exchanges came to, and how long each took.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { exemplars } from '../open-metrics.ts';
import { type Exemplar, exemplar } from '../tracing/spans.ts';

/** As numbers for the gauge: a rule asks for the largest. */
const breakerValues = { closed: 0, half_open: 1, open: 2 } as const;
export type BreakerState = keyof typeof breakerValues;

/** Of the codes by which an exchange fails, those that say something of the provider; others have a series with their first. */
const commonTroubles = [
  'timeout',
  'no_connection',
  'no_answer',
  'credentials_refused',
  'too_many_requests',
  'breaker_open',
];

/** What an exchange comes to, with the statuses that it mostly comes with. `none`: no answer was heard, or it is no HTTP. */
const commonStatuses: Readonly<Record<string, readonly string[]>> = {
  accepted: ['200', '202', 'none'],
  paid: ['200', 'none'],
  pending: ['200', 'none'],
  rejected: ['400', '402', '422'],
  not_found: ['200', '404', 'none'],
  not_taken: ['429', '500', '502', '503', 'none'],
  unknown: ['500', '502', '503', '504', 'none'],
};

export interface ProviderMetrics {
  /** Every series of a provider at 0: a rate sees the first error only where there was a 0 before it. */
  begin(psp: string): void;
  setBreaker(psp: string, state: BreakerState): void;
  countExchange(exchange: {
    readonly peer: string;
    readonly kind: 'submit' | 'ask';
    readonly outcome: string;
    readonly code: string;
    /** Of HTTP; null: none was heard. */
    readonly status: number | null;
    /** Null: it was refused here, and nothing was sent. */
    readonly durationMs: number | null;
  }): void;
}

export function createProviderMetrics(registry: Registry): ProviderMetrics {
  const registers = [registry];
  const { breaker, opens, closes } = breakerMetrics(registry);
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
  const timeouts = new Counter({
    name: 'request_timeouts_total',
    help: 'Calls to payment providers that were given up after their time',
    labelNames: ['peer'],
    registers,
  });
  const durationSeconds = new Histogram<'peer' | 'outcome' | 'http_response_status_code' | keyof Exemplar>({
    name: 'http_client_request_duration_seconds',
    help: 'From the request to its answer, or to giving up on it',
    labelNames: ['peer', 'outcome', 'http_response_status_code'],
    // OpenTelemetry's boundaries for HTTP, and the 20 s at which a provider is given up.
    // 1.2: the objective of I12 is an edge.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.2, 2.5, 5, 7.5, 10, 20],
    ...exemplars,
  });
  registry.registerMetric(durationSeconds);
  return {
    begin(psp) {
      breaker.set({ psp }, breakerValues.closed);
      opens.inc({ psp }, 0);
      closes.inc({ psp }, 0);
      timeouts.inc({ peer: psp }, 0);
      for (const kind of ['submit', 'ask']) for (const code of commonTroubles) troubles.inc({ psp, kind, code }, 0);
      for (const [outcome, statuses] of Object.entries(commonStatuses))
        for (const status of statuses) durationSeconds.zero({ peer: psp, outcome, http_response_status_code: status });
    },
    setBreaker(psp, state) {
      breaker.set({ psp }, breakerValues[state]);
      if (state === 'open') opens.inc({ psp });
      if (state === 'closed') closes.inc({ psp });
    },
    countExchange({ peer, kind, outcome, code, status, durationMs }) {
      exchanges.inc({ psp: peer, kind, outcome });
      if (outcome === 'not_taken' || outcome === 'unknown') troubles.inc({ psp: peer, kind, code });
      if (code === 'timeout') timeouts.inc({ peer });
      const labels = { peer, outcome, http_response_status_code: String(status ?? 'none') };
      if (durationMs !== null)
        durationSeconds.observe({ labels, value: durationMs / 1_000, exemplarLabels: exemplar() });
    },
  };
}

function breakerMetrics(registry: Registry) {
  const registers = [registry];
  const breaker = new Gauge({
    name: 'circuit_breaker_state',
    help: 'Breaker of a payment provider: 0 closed, 1 half open, 2 open',
    labelNames: ['psp'],
    registers,
  });
  const opens = new Counter({
    name: 'circuit_breaker_opens_total',
    help: 'How often the breaker of a payment provider opened: also for less long than between two scrapes',
    labelNames: ['psp'],
    registers,
  });
  const closes = new Counter({
    name: 'circuit_breaker_closes_total',
    help: 'How often the breaker of a payment provider closed again, because an exchange succeeded: one that is down opens its breaker again and again and closes none',
    labelNames: ['psp'],
    registers,
  });
  return { breaker, opens, closes };
}
