// The thing sold and the pipe behind it: cards that do not answer, queues that fill, clocks that go wrong.

import { type AlertGroup, job } from './alert.ts';

const without = (answer: string) => `card_requests_without_card_total{${job},network="native",answer="${answer}"}`;
const decided = (outcome: string) => `card_decisions_total{${job},network="native",outcome="${outcome}",reason="none"}`;
const backlog = `queue_backlog_messages{${job},queue="card events"}`;
const pullFailures = `queue_pull_failures_total{${job},queue="card events"}`;
const skew = `clock_skew_seconds{${job},of="database"}`;

export const cards: AlertGroup = {
  name: 'cards',
  alerts: [
    {
      name: 'CardsNotAnswering',
      // Of all that were asked: those that a card decided, and those that none did.
      expr: `sum by (network) (rate(card_requests_without_card_total{${job}}[5m])) / (sum by (network) (rate(card_decisions_total{${job}}[5m])) + sum by (network) (rate(card_requests_without_card_total{${job}}[5m]))) > 0.01`,
      ...{ for: '5m', severity: 'SEV-1', service: 'edge', runbook: 'cards-not-answering', origin: 'ours' },
      summary: 'More than 1 % of the requests of {{ $labels.network }} are not answered by their card in time (5m)',
      description: '{{ $value | humanizePercentage }} are answered by the failure policy: declined, or stood in for.',
      fires: {
        series: { [without('given_up')]: '0+2x40', [without('stood_in')]: '0x40', [decided('approved')]: '0+98x40' },
        at: '20m',
        labels: { network: 'native' },
      },
      silent: {
        series: { [without('given_up')]: '0+1x40', [without('stood_in')]: '0x40', [decided('approved')]: '0+999x40' },
        at: '20m',
      },
    },
    {
      name: 'QueueBacklogHigh',
      expr: `max by (queue) (queue_backlog_messages{${job}}) > 1000`,
      ...{ for: '10m', severity: 'SEV-2', service: 'edge', runbook: 'queue-backlog', origin: 'ours' },
      summary: 'More than 1,000 messages wait in the queue {{ $labels.queue }} (10m)',
      description: '{{ $value }} by its own estimate. Nothing is lost for as long as the queue keeps them.',
      fires: { series: { [backlog]: '1500x30' }, at: '15m', labels: { queue: 'card events' } },
      silent: { series: { [backlog]: '900x30' }, at: '15m' },
    },
    {
      name: 'QueuePullsFail',
      expr: `sum by (queue) (increase(queue_pull_failures_total{${job}}[10m])) > 10`,
      ...{ for: '5m', severity: 'SEV-2', service: 'edge', runbook: 'queue-backlog', origin: 'ours' },
      summary: 'The queue {{ $labels.queue }} does not answer pulls',
      description: 'Its token may have ended: the log says what it answered ("a round of a loop failed").',
      fires: { series: { [pullFailures]: '0+2x40' }, at: '25m', labels: { queue: 'card events' } },
      silent: { series: { [pullFailures]: '0x20 1x20' }, at: '25m' },
    },
    {
      name: 'ClockSkewed',
      expr: `max by (instance, of) (abs(clock_skew_seconds{${job}})) > 30`,
      ...{ for: '5m', severity: 'SEV-2', service: 'payments', runbook: 'clock-skew', origin: 'ours' },
      summary: 'The clocks of {{ $labels.instance }} and of its {{ $labels.of }} differ by more than 30 s (5m)',
      description: 'By {{ $value | humanizeDuration }}. From 5 minutes on signed calls are refused.',
      fires: { series: { [skew]: '-45x20' }, at: '10m', labels: { of: 'database' } },
      silent: { series: { [skew]: '-2x20' }, at: '10m' },
    },
  ],
};
