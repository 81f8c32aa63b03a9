// The objectives (A12, I12): what share of which events must be good. Good events are read from counters and from edges of
// histograms, never from quantiles: a share can be added up over processes and windows, a quantile cannot.

import { job, type Service } from './alert.ts';

/** From `a_total{job="payments"}` to `rate(a_total{job="payments"}[5m])`. */
type Over = (counter: string) => string;

export interface Objective {
  /** In names of records: lower case. */
  readonly id: string;
  readonly service: Service;
  readonly says: string;
  /** Share of good events in a month. */
  readonly objective: number;
  /** Sums of bad and of all events: `over` makes of a counter what is added up, such as its rate over five minutes. */
  readonly bad: (over: Over) => string;
  readonly all: (over: Over) => string;
  readonly owner: string;
  readonly runbook: string;
  /** A counter of good events and one of bad ones, for the proof that the alert fires. */
  readonly sample: { readonly good: readonly string[]; readonly bad: readonly string[] };
}

const server = 'http_server_request_duration_seconds';
const partner = `${job},route!~"/livez|/readyz|/health|/metrics|unmatched"`;
const sampleOf = (code: string) =>
  `${server}_count{${job},route="/settlements",method="POST",http_response_status_code="${code}"}`;
const sampleBucket = (le: string) =>
  `${server}_bucket{${job},route="/settlements",method="POST",http_response_status_code="201",le="${le}"}`;
const finalBucket = (le: string) => `settlement_final_seconds_bucket{${job},state="paid",le="${le}"}`;

const authorizationBucket = (le: string) => `card_authorization_seconds_bucket{${job},network="native",le="${le}"}`;
const authorizations = `card_authorization_seconds_count{${job},network="native"}`;

export const objectives: readonly Objective[] = [
  {
    id: 'payments_availability',
    service: 'payments',
    says: 'Requests to the payments API that do not end in 5xx; declines and refusals are answers',
    objective: 0.999,
    bad: (over) => `sum(${over(`${server}_count{${partner},http_response_status_code=~"5.."}`)})`,
    all: (over) => `sum(${over(`${server}_count{${partner}}`)})`,
    owner: 'payments',
    runbook: 'high-error-rate',
    sample: { good: [sampleOf('201')], bad: [sampleOf('500')] },
  },
  {
    id: 'payments_latency_500ms',
    service: 'payments',
    says: 'Requests to the payments API that are answered within 500 ms',
    objective: 0.95,
    bad: (over) =>
      `sum(${over(`${server}_count{${partner}}`)}) - sum(${over(`${server}_bucket{${partner},le="0.5"}`)})`,
    all: (over) => `sum(${over(`${server}_count{${partner}}`)})`,
    owner: 'payments',
    runbook: 'p95-latency-spike',
    sample: {
      good: [sampleBucket('0.5'), sampleBucket('+Inf'), sampleOf('201')],
      bad: [sampleBucket('+Inf'), sampleOf('201')],
    },
  },
  {
    id: 'settlement_final_5s',
    service: 'settlement',
    says: 'Settlements that are final within 5 s of being accepted',
    objective: 0.99,
    bad: (over) =>
      `sum(${over(`settlement_final_seconds_count{${job}}`)}) - sum(${over(`settlement_final_seconds_bucket{${job},le="5"}`)})`,
    all: (over) => `sum(${over(`settlement_final_seconds_count{${job}}`)})`,
    owner: 'settlement',
    runbook: 'settlements-slow',
    sample: {
      good: [finalBucket('5'), finalBucket('+Inf'), `settlement_final_seconds_count{${job},state="paid"}`],
      bad: [finalBucket('+Inf'), `settlement_final_seconds_count{${job},state="paid"}`],
    },
  },
  {
    id: 'authorizations_500ms',
    service: 'edge',
    says: 'Authorizations that their card has decided, durably, within 500 ms of their arrival at the edge',
    objective: 0.999,
    bad: (over) =>
      `sum(${over(`card_authorization_seconds_count{${job}}`)}) - sum(${over(`card_authorization_seconds_bucket{${job},le="0.5"}`)})`,
    all: (over) => `sum(${over(`card_authorization_seconds_count{${job}}`)})`,
    owner: 'cards',
    runbook: 'cards-not-answering',
    sample: {
      good: [authorizationBucket('0.5'), authorizationBucket('+Inf'), authorizations],
      bad: [authorizationBucket('+Inf'), authorizations],
    },
  },
  {
    id: 'intake_lag_30s',
    service: 'edge',
    says: 'Events of cards that are booked within 30 s of happening',
    objective: 0.95,
    bad: (over) =>
      `sum(${over(`intake_lag_seconds_count{${job}}`)}) - sum(${over(`intake_lag_seconds_bucket{${job},le="30"}`)})`,
    all: (over) => `sum(${over(`intake_lag_seconds_count{${job}}`)})`,
    owner: 'cards',
    runbook: 'queue-backlog',
    sample: {
      good: [
        `intake_lag_seconds_bucket{${job},le="30"}`,
        `intake_lag_seconds_bucket{${job},le="+Inf"}`,
        `intake_lag_seconds_count{${job}}`,
      ],
      bad: [`intake_lag_seconds_bucket{${job},le="+Inf"}`, `intake_lag_seconds_count{${job}}`],
    },
  },
];

/** Windows of which the share of bad events is recorded. */
export const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Window = (typeof windows)[number];

interface Burn {
  readonly factor: number;
  /** Both must burn so fast: the long one means it, the short one ends the alert soon after. */
  readonly long: Window;
  readonly short: Window;
  readonly severity: 'SEV-1' | 'SEV-3';
}

/** Of the SRE workbook, chapter 5: 2 % of a month's budget in an hour, 5 % in six, 10 % in a day and in three. */
export const burns: readonly Burn[] = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'SEV-1' },
  { factor: 6, long: '6h', short: '30m', severity: 'SEV-1' },
  { factor: 3, long: '1d', short: '2h', severity: 'SEV-3' },
  { factor: 1, long: '3d', short: '6h', severity: 'SEV-3' },
];

/** More than all events cannot be bad: a factor that would need it never fires. */
export function burnsOf({ objective }: Objective): readonly Burn[] {
  return burns.filter(({ factor }) => factor * (1 - objective) < 1);
}
