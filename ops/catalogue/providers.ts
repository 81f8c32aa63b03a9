// Payment providers: their calls, their breakers, and those that answer nothing.

import { type AlertGroup, job } from './alert.ts';

const calls = (peer: string, outcome: string) =>
  `http_client_request_duration_seconds_count{${job},peer="${peer}",outcome="${outcome}"}`;
const breaker = `circuit_breaker_state{${job},psp="stripe"}`;
const failed = 'outcome=~"not_taken|unknown"';
const trouble = (code: string) => `provider_troubles_total{${job},psp="stripe",kind="submit",code="${code}"}`;
const closes = `circuit_breaker_closes_total{${job},psp="stripe"}`;

/** At least two failures that speak against the provider, and nothing that it answered, in the same time. */
function silentFor(window: string): string {
  const sound =
    'code!~"balance_insufficient|key_closed|idempotency_key_reused|not_seen_yet|busy|cancelled|breaker_open"';
  const failures = `sum by (psp) (increase(provider_troubles_total{${job},${sound}}[${window}])) > 1.5`;
  const calls = `http_client_request_duration_seconds_count{${job},outcome!~"not_taken|unknown"}`;
  const answers = `label_replace(increase(${calls}[${window}]), "psp", "$1", "peer", "(.+)")`;
  return `(${failures} unless sum by (psp) (${answers}) > 0)`;
}

export const providers: AlertGroup = {
  name: 'adapters',
  alerts: [
    {
      name: 'PSPAdapterErrorRateHigh',
      // `psp` beside `peer`: an open breaker silences what it explains, by that label.
      expr: `label_replace(100 * sum by (peer) (increase(http_client_request_duration_seconds_count{${job},${failed}}[5m])) / sum by (peer) (increase(http_client_request_duration_seconds_count{${job}}[5m])), "psp", "$1", "peer", "(.+)") > 2`,
      ...{ for: '10m', severity: 'SEV-2', service: 'providers', runbook: 'provider-outage', origin: 'mended' },
      summary: 'More than 2 % of the calls to {{ $labels.peer }} fail (10m)',
      description:
        '{{ $value | printf "%.1f" }} % were not taken, or did not say what became of them. A rejected payment is an answer, not an error.',
      fires: {
        series: { [calls('stripe', 'paid')]: '0+90x30', [calls('stripe', 'unknown')]: '0+10x30' },
        at: '20m',
        labels: { peer: 'stripe', psp: 'stripe' },
      },
      silent: {
        series: {
          [calls('stripe', 'paid')]: '0+90x30',
          [calls('stripe', 'rejected')]: '0+10x30',
          [calls('stripe', 'unknown')]: '0+1x30',
        },
        at: '20m',
      },
    },
    {
      name: 'PSPCallLatencyP95High',
      expr: `label_replace(histogram_quantile(0.95, sum by (le, peer) (rate(http_client_request_duration_seconds_bucket{${job}}[5m]))), "psp", "$1", "peer", "(.+)") > 1.2`,
      ...{ for: '10m', severity: 'SEV-3', service: 'providers', runbook: 'provider-outage', origin: 'asked' },
      summary: 'Calls to {{ $labels.peer }} take more than 1.2 s at p95 (10m)',
      description:
        'p95 is {{ $value | humanizeDuration }}. The engine waits up to 20 s, and asks about what it did not hear of.',
      fires: {
        series: {
          [`http_client_request_duration_seconds_bucket{${job},peer="stripe",outcome="paid",le="1.2"}`]: '0+50x30',
          [`http_client_request_duration_seconds_bucket{${job},peer="stripe",outcome="paid",le="2.5"}`]: '0+100x30',
          [`http_client_request_duration_seconds_bucket{${job},peer="stripe",outcome="paid",le="+Inf"}`]: '0+100x30',
        },
        at: '20m',
        labels: { peer: 'stripe', psp: 'stripe' },
      },
      silent: {
        series: {
          [`http_client_request_duration_seconds_bucket{${job},peer="stripe",outcome="paid",le="1.2"}`]: '0+100x30',
          [`http_client_request_duration_seconds_bucket{${job},peer="stripe",outcome="paid",le="+Inf"}`]: '0+100x30',
        },
        at: '20m',
      },
    },
    {
      name: 'PSPCircuitBreakerOpen',
      expr: `max by (psp) (circuit_breaker_state{${job}}) == 2`,
      ...{ for: '2m', severity: 'SEV-1', service: 'providers', runbook: 'provider-outage', origin: 'mended' },
      summary: 'The breaker of {{ $labels.psp }} is open',
      description: 'Its settlements wait, or go to the next provider where it is certain that they were not paid.',
      fires: { series: { [breaker]: '0x3 2x10' }, at: '8m', labels: { psp: 'stripe' } },
      silent: { series: { [breaker]: '0x3 1x10' }, at: '8m' },
    },
    {
      name: 'PSPCircuitBreakerFlapping',
      // By its closings: the breaker of one that is down opens twice a minute, at each try, and never closes.
      expr: `sum by (psp) (increase(circuit_breaker_closes_total{${job}}[15m])) > 1.5`,
      ...{ severity: 'SEV-2', service: 'providers', runbook: 'provider-outage', origin: 'ours' },
      summary: 'The breaker of {{ $labels.psp }} opened and closed {{ $value | printf "%.0f" }} times in 15 minutes',
      description: 'Openings that are shorter than two minutes, or than a scrape: the provider is neither up nor down.',
      fires: { series: { [closes]: '0x3 1x2 2x2 3x10' }, at: '14m', labels: { psp: 'stripe' } },
      silent: {
        // Down: it opens at every try.
        series: { [closes]: '0x20', [`circuit_breaker_opens_total{${job},psp="stripe"}`]: '0x3 1+2x20' },
        at: '14m',
      },
      more: [{ what: 'it was down once, and is back', isFiring: false, series: { [closes]: '0x3 1x20' }, at: '14m' }],
    },
    {
      name: 'PSPNotAnswering',
      // The breaker concludes nothing from fewer than ten exchanges in ten seconds: this one does, from two. The longer window is for a
      // provider that is tried once in an hour.
      expr: `${silentFor('15m')} or ${silentFor('3h')}`,
      ...{ for: '5m', severity: 'SEV-2', service: 'providers', runbook: 'provider-outage', origin: 'ours' },
      summary: 'Nothing that {{ $labels.psp }} was asked succeeded, however little it was',
      description: '{{ $value | printf "%.0f" }} calls failed in 15 minutes, or in 3 hours, and none was answered.',
      fires: {
        series: { [trouble('no_connection')]: '0x3 1x4 2x4 3x20', [calls('stripe', 'accepted')]: '40x40' },
        at: '20m',
        labels: { psp: 'stripe' },
      },
      silent: {
        series: { [trouble('no_connection')]: '0x3 1x4 2x4 3x20', [calls('stripe', 'accepted')]: '40x10 41x30' },
        at: '20m',
      },
      more: [
        {
          what: 'one try in fifty minutes, and each fails',
          isFiring: true,
          ...{ every: 5, series: { [trouble('timeout')]: '0x3 1x9 2x9 3x20', [calls('stripe', 'paid')]: '9x60' } },
          ...{ at: '130m', labels: { psp: 'stripe' } },
        },
        {
          what: 'one failure alone says nothing',
          isFiring: false,
          ...{ series: { [trouble('timeout')]: '0x3 1x60', [calls('stripe', 'paid')]: '9x60' }, at: '30m' },
        },
        {
          what: 'a balance that is too small is an answer',
          isFiring: false,
          ...{ series: { [trouble('balance_insufficient')]: '0+1x60', [calls('stripe', 'paid')]: '9x60' }, at: '30m' },
        },
      ],
    },
  ],
};
