// The API that partners call: errors, latency, traffic, and refusals for haste.

import { type AlertGroup, job } from './alert.ts';

const status = (code: string) =>
  `http_server_request_duration_seconds_count{${job},route="/settlements",method="POST",http_response_status_code="${code}"}`;
const bucket = (le: string) =>
  `http_server_request_duration_seconds_bucket{${job},route="/settlements",method="POST",http_response_status_code="201",le="${le}"}`;
const exceptions = `app_exceptions_total{${job}}`;
const timeouts = `request_timeouts_total{${job},peer="simulated"}`;
const calm = { [exceptions]: '0x60', [timeouts]: '0x60' };

const quantile = (share: number) =>
  `histogram_quantile(${share}, sum by (le) (rate(http_server_request_duration_seconds_bucket{${job}}[5m])))`;

export const payments: AlertGroup = {
  name: 'payments-api',
  alerts: [
    {
      name: 'PaymentsHighErrorRatePrimary',
      expr: 'ratio:payments_error_rate_5m > 4',
      ...{ for: '5m', severity: 'SEV-1', service: 'payments', runbook: 'high-error-rate', origin: 'asked' },
      summary: 'Payments API technical error rate above 4 % (5m)',
      description:
        'Of the last five minutes {{ $value | printf "%.2f" }} % of the requests ended in 5xx, a time-out or an exception. No traffic guard: one failure in a quiet minute counts.',
      fires: { series: { ...calm, [status('201')]: '0+90x30', [status('500')]: '0+10x30' }, at: '15m' },
      silent: {
        series: { ...calm, [status('201')]: '0+97x30', [status('500')]: '0+3x30', [status('422')]: '0+50x30' },
        at: '15m',
      },
    },
    {
      name: 'PaymentsHighErrorRateAdvisory',
      expr: 'ratio:payments_error_rate_5m > 4 and sum:payments_http_total_5m > 500',
      ...{ for: '5m', severity: 'SEV-2', service: 'payments', runbook: 'high-error-rate', origin: 'asked' },
      summary: 'Payments API error rate above 4 % (5m) with enough traffic to mean something',
      description: 'More than 500 requests in five minutes, {{ $value | printf "%.2f" }} % of them failed.',
      fires: { series: { ...calm, [status('201')]: '0+180x30', [status('503')]: '0+20x30' }, at: '15m' },
      silent: { series: { ...calm, [status('201')]: '0+9x30', [status('503')]: '0+1x30' }, at: '15m' },
    },
    {
      name: 'PaymentsNoTraffic',
      expr: `(sum(rate(http_server_request_duration_seconds_count{${job}}[10m])) or vector(0)) < 0.01 * sum(rate(http_server_request_duration_seconds_count{${job}}[10m] offset 1h))`,
      ...{ for: '5m', severity: 'SEV-2', service: 'payments', runbook: 'no-traffic', origin: 'mended' },
      summary: 'The payments API is asked next to nothing, and was an hour ago',
      description: 'An error rate of nothing is no error rate: the primary alert is silent where nobody comes through.',
      fires: { series: { [status('201')]: '0+60x60 3600x60' }, at: '90m' },
      silent: { series: { [status('201')]: '0+60x120' }, at: '90m' },
    },
    {
      name: 'PaymentsLatencyP95High',
      expr: `${quantile(0.95)} > 0.5`,
      ...{ for: '10m', severity: 'SEV-2', service: 'payments', runbook: 'p95-latency-spike', origin: 'asked' },
      summary: 'Payments API p95 above 500 ms (10m)',
      description: 'p95 is {{ $value | humanizeDuration }}.',
      fires: {
        series: { [bucket('0.5')]: '0+90x40', [bucket('1.2')]: '0+100x40', [bucket('+Inf')]: '0+100x40' },
        at: '20m',
      },
      silent: {
        series: { [bucket('0.5')]: '0+99x40', [bucket('1.2')]: '0+100x40', [bucket('+Inf')]: '0+100x40' },
        at: '20m',
      },
    },
    {
      name: 'PaymentsLatencyP99High',
      expr: `${quantile(0.99)} > 1.2`,
      ...{ for: '10m', severity: 'SEV-2', service: 'payments', runbook: 'p95-latency-spike', origin: 'asked' },
      summary: 'Payments API p99 above 1.2 s (10m)',
      description: 'p99 is {{ $value | humanizeDuration }}.',
      fires: {
        series: { [bucket('1.2')]: '0+980x40', [bucket('2.5')]: '0+1000x40', [bucket('+Inf')]: '0+1000x40' },
        at: '20m',
      },
      silent: {
        series: { [bucket('1.2')]: '0+999x40', [bucket('2.5')]: '0+1000x40', [bucket('+Inf')]: '0+1000x40' },
        at: '20m',
      },
    },
    {
      name: 'GatewayHigh429Rate',
      expr: `100 * sum(increase(http_server_request_duration_seconds_count{${job},http_response_status_code="429"}[5m])) / sum(increase(http_server_request_duration_seconds_count{${job}}[5m])) > 1`,
      ...{ for: '15m', severity: 'SEV-3', service: 'payments', runbook: 'rate-limit-tuning', origin: 'asked' },
      summary: 'More than 1 % of the requests are answered 429 (15m)',
      description: '{{ $value | printf "%.1f" }} % of the requests come too fast for their quota, or too many at once.',
      fires: { series: { [status('201')]: '0+97x40', [status('429')]: '0+3x40' }, at: '25m' },
      silent: { series: { [status('201')]: '0+1000x40', [status('429')]: '0+3x40' }, at: '25m' },
    },
    {
      name: 'PaymentsUnexpectedException',
      expr: `increase(app_exceptions_total{${job}}[15m]) > 0`,
      ...{ severity: 'SEV-2', service: 'payments', runbook: 'high-error-rate', origin: 'ours' },
      summary: 'A request ended in an error that no code expected',
      description:
        'Answered internal_error. Each is a mistake of ours; the log line "a request failed" has its request id.',
      fires: { series: { [exceptions]: '0x10 1x20' }, at: '15m', labels: { job: 'payments' } },
      silent: { series: { [exceptions]: '5x40' }, at: '30m' },
    },
    {
      name: 'EventLoopLate',
      expr: `max by (instance) (event_loop_delay_seconds{${job}}) > 0.2`,
      ...{ for: '5m', severity: 'SEV-2', service: 'payments', runbook: 'p95-latency-spike', origin: 'ours' },
      summary: 'A process of the origin is late by more than 200 ms (5m)',
      description: 'Above EVENT_LOOP_DELAY_MS_MAX calls of the API are answered 503 overloaded.',
      fires: {
        series: { [`event_loop_delay_seconds{${job},instance="a:1"}`]: '0.3x20' },
        at: '10m',
        labels: { instance: 'a:1' },
      },
      silent: { series: { [`event_loop_delay_seconds{${job},instance="a:1"}`]: '0.01x20' }, at: '10m' },
    },
    {
      name: 'OriginDown',
      expr: `up{${job}} == 0`,
      ...{ for: '1m', severity: 'SEV-1', service: 'payments', runbook: 'gateway-outage', origin: 'ours' },
      summary: '{{ $labels.instance }} of the origin does not answer its scrape',
      description: 'Cards are decided on at the edge; nothing is booked, settled or told meanwhile.',
      fires: {
        series: { [`up{${job},instance="a:1"}`]: '1x3 0x10' },
        at: '8m',
        labels: { instance: 'a:1', job: 'payments' },
      },
      silent: { series: { [`up{${job},instance="a:1"}`]: '1x20' }, at: '8m' },
    },
  ],
};
