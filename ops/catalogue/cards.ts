// The thing sold and the pipe behind it: cards that do not answer, queues that fill, clocks that go wrong.

import { type AlertGroup, job } from './alert.ts';

const without = (answer: string) => `card_requests_without_card_total{${job},network="native",answer="${answer}"}`;
const decided = (outcome: string) => `card_decisions_total{${job},network="native",outcome="${outcome}",reason="none"}`;
const declined = (reason: string) =>
  `card_decisions_total{${job},network="native",outcome="declined",reason="${reason}"}`;
const asked = (range: string) =>
  `(sum by (network) (increase(card_decisions_total{${job}}${range})) + sum by (network) (increase(card_requests_without_card_total{${job}}${range})))`;
/** The part of a network's decisions that were declined for a reason. */
const share = (range: string) =>
  `sum by (network, reason) (increase(card_decisions_total{${job},outcome="declined"}${range})) / on (network) group_left () sum by (network) (increase(card_decisions_total{${job}}${range}))`;
const noneWithout = { [without('given_up_by_edge')]: '0x400', [without('stood_in')]: '0x400' };
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
        series: {
          [without('given_up_by_edge')]: '0+2x40',
          [without('stood_in')]: '0x40',
          [decided('approved')]: '0+98x40',
        },
        at: '20m',
        labels: { network: 'native' },
      },
      silent: {
        series: {
          [without('given_up_by_edge')]: '0+1x40',
          [without('stood_in')]: '0x40',
          [decided('approved')]: '0+999x40',
        },
        at: '20m',
      },
    },
    {
      name: 'EdgeNotServing',
      // By any process of the origin that it answers: one that cannot reach it has another trouble.
      expr: `max(edge_serves{${job}}) == 0`,
      ...{ for: '2m', severity: 'SEV-1', service: 'edge', runbook: 'wrong-deployment', origin: 'ours' },
      summary: 'The edge cannot be reached, or its settings keep it from serving',
      description: 'No card is decided: networks get 503, or a decline. Its /readyz says which setting it is.',
      fires: { series: { [`edge_serves{${job},instance="a:1"}`]: '1x3 0x20' }, at: '8m' },
      silent: {
        series: { [`edge_serves{${job},instance="a:1"}`]: '0x20', [`edge_serves{${job},instance="b:1"}`]: '1x20' },
        at: '8m',
      },
    },
    {
      name: 'CardsNotAsked',
      // Against the hour before, and only where that had one request a minute at least: ten silent minutes are no chance then.
      expr: `${asked('[10m]')} < 0.01 * ${asked('[1h] offset 15m')} and ${asked('[1h] offset 15m')} >= 60`,
      ...{ for: '5m', severity: 'SEV-1', service: 'edge', runbook: 'wrong-deployment', origin: 'ours' },
      summary: 'No decision on a card of {{ $labels.network }} arrives, and many did an hour ago',
      description:
        'Nobody asks, the edge answers nobody, or its events do not come. An error rate of nothing is no error rate: no other alert sees it.',
      fires: {
        series: { ...noneWithout, [decided('approved')]: '0+20x90 1800x60' },
        at: '110m',
        labels: { network: 'native' },
      },
      silent: { series: { ...noneWithout, [decided('approved')]: '0+20x150' }, at: '110m' },
      more: [
        {
          what: 'a program with a purchase in five minutes is often silent for ten',
          isFiring: false,
          ...{ series: { ...noneWithout, [decided('approved')]: '0x4 1x4 2x4 3x4 4x4 5x4 6x90' }, at: '50m' },
        },
        {
          what: 'cards that do not answer are asked all the same',
          isFiring: false,
          series: {
            [without('given_up_by_edge')]: '0x90 0+20x60',
            [without('stood_in')]: '0x150',
            [decided('approved')]: '0+20x90 1800x60',
          },
          at: '110m',
        },
      ],
    },
    {
      name: 'DeclinesJump',
      // Three times the share of the day before and five points more, of twenty declines at least: a wrong control set, or somebody who tries cards.
      expr: `${share('[10m]')} > 0.05 + 3 * (${share('[1d] offset 30m')}) and on (network, reason) sum by (network, reason) (increase(card_decisions_total{${job},outcome="declined"}[10m])) >= 20`,
      ...{ for: '5m', severity: 'SEV-2', service: 'edge', runbook: 'bad-control-set', origin: 'ours' },
      summary: 'Far more of {{ $labels.network }} than usual is declined as {{ $labels.reason }}',
      description:
        '{{ $value | humanizePercentage }} of the decisions of ten minutes. Was a control set applied, or a profile changed?',
      fires: {
        every: 5,
        series: {
          [decided('approved')]: '0+100x300 30000+50x20',
          [declined('category_not_allowed')]: '0+2x300 600+50x20',
        },
        at: '1550m',
        labels: { network: 'native', reason: 'category_not_allowed' },
      },
      silent: {
        every: 5,
        series: { [decided('approved')]: '0+100x330', [declined('category_not_allowed')]: '0+8x330' },
        at: '1550m',
      },
      more: [
        {
          what: 'a quiet night in which most are declined, and that is few',
          isFiring: false,
          ...{ every: 5, at: '1550m' },
          series: {
            [decided('approved')]: '0+100x300 30000+1x20',
            [declined('category_not_allowed')]: '0+2x300 600+2x20',
          },
        },
        {
          what: 'more of everything, in the usual parts',
          isFiring: false,
          ...{ every: 5, at: '1550m' },
          series: {
            [decided('approved')]: '0+100x300 30000+900x20',
            [declined('category_not_allowed')]: '0+2x300 600+25x20',
          },
        },
      ],
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
