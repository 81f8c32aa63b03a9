// What only Atlas has: the pipe from the cards to the ledger, webhooks, open items, loops, and what must never be.

import { type AlertGroup, dead, job } from './alert.ts';

const deadQueue = (queue: string, outcome: string) =>
  `dead_queue_messages_total{${job},queue="${queue}",outcome="${outcome}"}`;
const lag = (le: string) => `intake_lag_seconds_bucket{${job},le="${le}"}`;
const found = (channel: string, outcome: string) => `card_data_found_total{channel="${channel}",outcome="${outcome}"}`;
const wordKinds = 'dead_letter|provider_word_refused|provider_word_unread';

export const webhooks: AlertGroup = {
  name: 'webhooks-and-queues',
  alerts: [
    {
      name: 'WebhookDLQBacklogHigh',
      expr: `sum(max by (kind) (open_items{${job},kind=~"${wordKinds}"})) > 1000`,
      ...{ for: '10m', severity: 'SEV-2', service: 'webhooks', runbook: 'queue-backlog', origin: 'mended' },
      summary: 'More than 1,000 messages wait for a person (10m)',
      description:
        '{{ $value }} messages of networks and providers could not be taken: open items, with what each holds.',
      fires: { series: { [dead('dead_letter')]: '700x30', [dead('provider_word_refused')]: '400x30' }, at: '15m' },
      silent: { series: { [dead('dead_letter')]: '700x30', [dead('clearing_unassigned')]: '5000x30' }, at: '15m' },
    },
    {
      name: 'WebhookConsumerLag',
      expr: `max by (what) (origin_waiting{${job},what=~"provider_words|webhook_messages"}) > 5000`,
      ...{ for: '10m', severity: 'SEV-2', service: 'webhooks', runbook: 'queue-backlog', origin: 'mended' },
      summary: 'More than 5,000 {{ $labels.what }} are due and not taken (10m)',
      description: '{{ $value }} wait. Counted up to 20,000.',
      fires: {
        series: { [`origin_waiting{${job},instance="a:1",what="provider_words"}`]: '6000x30' },
        at: '15m',
        labels: { what: 'provider_words' },
      },
      silent: { series: { [`origin_waiting{${job},instance="a:1",what="cards_with_gap"}`]: '6000x30' }, at: '15m' },
    },
    {
      name: 'WebhookLagHigh',
      expr: `max by (endpoints) (webhook_lag_seconds{${job},endpoints="steady"}) > 30`,
      ...{ for: '5m', severity: 'SEV-2', service: 'webhooks', runbook: 'queue-backlog', origin: 'ours' },
      summary: 'A webhook for a partner that answers has been due for more than 30 s (5m)',
      description: 'The oldest has waited for {{ $value | humanizeDuration }}. Endpoints that fail are not counted.',
      fires: {
        series: { [`webhook_lag_seconds{${job},endpoints="steady"}`]: '90x20' },
        at: '10m',
        labels: { endpoints: 'steady' },
      },
      silent: {
        series: {
          [`webhook_lag_seconds{${job},endpoints="failing"}`]: '9000x20',
          [`webhook_lag_seconds{${job},endpoints="steady"}`]: '1x20',
        },
        at: '10m',
      },
    },
    {
      name: 'WebhookStoreFailures',
      expr: `sum by (psp) (increase(webhook_store_failures_total{${job}}[5m])) > 0`,
      ...{ for: '5m', severity: 'SEV-2', service: 'webhooks', runbook: 'db-errors', origin: 'ours' },
      summary: 'Webhooks of {{ $labels.psp }} cannot be stored',
      description:
        'They are answered with an error, and {{ $labels.psp }} sends them again, for as long as its contract says.',
      fires: {
        series: { [`webhook_store_failures_total{${job},psp="stripe"}`]: '0x3 1+1x20' },
        at: '15m',
        labels: { psp: 'stripe' },
      },
      silent: { series: { [`webhook_store_failures_total{${job},psp="stripe"}`]: '0x30' }, at: '15m' },
    },
  ],
};

export const pipe: AlertGroup = {
  name: 'edge-and-intake',
  alerts: [
    {
      name: 'IntakeLagHigh',
      expr: `histogram_quantile(0.95, sum by (le) (rate(intake_lag_seconds_bucket{${job}}[5m]))) > 30`,
      ...{ for: '10m', severity: 'SEV-2', service: 'edge', runbook: 'queue-backlog', origin: 'ours' },
      summary: 'Events of cards are booked more than 30 s after they happened, at p95 (10m)',
      description: 'p95 is {{ $value | humanizeDuration }}: the queue is behind, or the pull is.',
      fires: { series: { [lag('30')]: '0+50x40', [lag('60')]: '0+100x40', [lag('+Inf')]: '0+100x40' }, at: '20m' },
      silent: { series: { [lag('30')]: '0+100x40', [lag('60')]: '0+100x40', [lag('+Inf')]: '0+100x40' }, at: '20m' },
    },
    {
      name: 'DeadQueueUsed',
      expr: `sum by (queue, outcome) (increase(dead_queue_messages_total{${job},outcome=~"done|dead_letter"}[1h])) > 0`,
      ...{ severity: 'SEV-3', service: 'edge', runbook: 'queue-backlog', origin: 'ours' },
      summary: 'Messages came out of the dead queue of {{ $labels.queue }}: {{ $labels.outcome }}',
      description:
        '{{ $value | printf "%.0f" }} in an hour: nothing took them in 100 tries. done: they are booked now; dead_letter: they are open items.',
      fires: {
        series: { [deadQueue('card_events', 'done')]: '0x5 7x60' },
        at: '15m',
        labels: { queue: 'card_events', outcome: 'done' },
      },
      silent: {
        series: { [deadQueue('card_events', 'done')]: '7x90', [deadQueue('card_events', 'retry')]: '0+1x90' },
        at: '80m',
      },
    },
    {
      name: 'LoopStandsStill',
      expr: `max by (loop) (loop_stands_still{${job}}) == 1`,
      ...{ for: '2m', severity: 'SEV-2', service: 'payments', runbook: 'loop-stands-still', origin: 'ours' },
      summary: 'The loop {{ $labels.loop }} fails round after round, or hangs in one',
      description: 'What it does is not done. /health has its last error.',
      fires: {
        series: { [`loop_stands_still{${job},loop="accrual"}`]: '0x3 1x10' },
        at: '8m',
        labels: { loop: 'accrual' },
      },
      silent: { series: { [`loop_stands_still{${job},loop="accrual"}`]: '0x20' }, at: '8m' },
    },
    {
      name: 'CardBehindLedger',
      expr: `increase(intake_edge_behind_total{${job}}[1h]) > 0`,
      ...{ severity: 'SEV-1', service: 'edge', runbook: 'card-behind-ledger', origin: 'ours' },
      summary: "A card's own log ends before what the ledger has booked of it",
      description:
        'Its storage was set back. It decides nothing until it is rebuilt from the books, mostly within seconds. Open item card_behind_ledger.',
      fires: { series: { [`intake_edge_behind_total{${job}}`]: '0x5 1x20' }, at: '15m', labels: { job: 'payments' } },
      silent: { series: { [`intake_edge_behind_total{${job}}`]: '0x20' }, at: '15m' },
    },
    {
      name: 'CardsWaitForRelease',
      expr: `max(open_items{${job},kind="event_of_newer_release"}) > 0`,
      ...{ for: '2m', severity: 'SEV-2', service: 'payments', runbook: 'cards-wait-for-release', origin: 'ours' },
      summary:
        'Events of {{ $value }} cards or places are of a newer release than the origin: what came after them waits',
      description:
        'The edge was deployed before an origin that can read what it writes, or the origin was taken back below it. The cards decide as before; the books stand still for them.',
      fires: { series: { [`open_items{${job},kind="event_of_newer_release"}`]: '0x3 1x20' }, at: '10m' },
      silent: {
        series: {
          [`open_items{${job},kind="event_of_newer_release"}`]: '0x20',
          [`open_items{${job},kind="dead_letter"}`]: '5x20',
        },
        at: '10m',
      },
    },
    {
      name: 'CardsFenced',
      expr: `max(cards_fenced_oldest_age_seconds{${job}}) > 300`,
      ...{ severity: 'SEV-1', service: 'edge', runbook: 'card-behind-ledger', origin: 'ours' },
      summary: 'A card has decided nothing for {{ $value | humanizeDuration }}: it was set back, and is not rebuilt',
      description:
        'An event of its past is not in the books, or the edge is away. The open item card_behind_ledger and the log of the origin say which.',
      fires: { series: { [`cards_fenced_oldest_age_seconds{${job}}`]: '0x5 60+60x20' }, at: '20m' },
      silent: { series: { [`cards_fenced_oldest_age_seconds{${job}}`]: '0x5 60 0x20' }, at: '20m' },
    },
    {
      name: 'StandInsHigh',
      expr: `sum(increase(stand_ins_total{${job}}[10m])) > 50`,
      ...{ severity: 'SEV-2', service: 'edge', runbook: 'stand-ins', origin: 'ours' },
      summary: 'The edge approves in the place of cards that cannot be reached',
      description: '{{ $value | printf "%.0f" }} stand-ins in ten minutes. npm run stand-in -- off ends them at once.',
      fires: { series: { [`stand_ins_total{${job},network="marqeta"}`]: '0+10x20' }, at: '15m' },
      silent: { series: { [`stand_ins_total{${job},network="marqeta"}`]: '0+1x20' }, at: '15m' },
    },
  ],
};

export const security: AlertGroup = {
  name: 'security',
  alerts: [
    {
      name: 'AccessRefusedHigh',
      expr: `sum by (reason) (rate(access_refused_total{${job},reason=~"credentials_wrong|signature_wrong|too_many_attempts"}[5m])) > 5`,
      ...{ for: '5m', severity: 'SEV-3', service: 'security', runbook: 'access-refused', origin: 'ours' },
      summary: 'Somebody tries keys: {{ $labels.reason }}, {{ $value | printf "%.0f" }} a second (5m)',
      description: 'The gate holds them off before a look-up. The log has a hash of each address.',
      fires: {
        series: { [`access_refused_total{${job},reason="too_many_attempts"}`]: '0+600x20' },
        at: '12m',
        labels: { reason: 'too_many_attempts' },
      },
      silent: { series: { [`access_refused_total{${job},reason="too_many_attempts"}`]: '0+60x20' }, at: '12m' },
    },
    {
      name: 'CardDataInOwnOutput',
      expr: 'sum by (channel, outcome) (increase(card_data_found_total{channel=~"log|open_item|card_events_queue"}[15m])) > 0',
      ...{ severity: 'SEV-1', service: 'security', runbook: 'card-data-found', origin: 'ours' },
      summary: 'Card data reached {{ $labels.channel }}: another look before has missed it',
      description: 'What we say ourselves or hand on came through every other look. Nothing of it was kept.',
      fires: {
        series: { [found('log', 'masked')]: '0x10 1x60' },
        at: '15m',
        labels: { channel: 'log', outcome: 'masked' },
      },
      silent: { series: { [found('api_body', 'refused')]: '0x10 1x60' }, at: '15m' },
    },
    {
      name: 'CardDataSentToUs',
      expr: 'sum by (channel) (increase(card_data_found_total{channel!~"log|open_item|card_events_queue|network_message|network_key"}[1h])) >= 5',
      ...{ severity: 'SEV-2', service: 'security', runbook: 'card-data-found', origin: 'ours' },
      summary: 'Card data is sent to us by {{ $labels.channel }}',
      description: '{{ $value | printf "%.0f" }} texts in an hour. A few a day are chance.',
      fires: { series: { [found('api_body', 'refused')]: '0+1x80' }, at: '70m', labels: { channel: 'api_body' } },
      silent: { series: { [found('api_body', 'refused')]: '0x10 2x80' }, at: '70m' },
    },
    {
      name: 'CardNumbersAsTokens',
      expr: 'sum by (channel) (increase(card_data_found_total{channel=~"network_card_token|network_request"}[15m])) > 0',
      ...{ severity: 'SEV-2', service: 'security', runbook: 'card-data-found', origin: 'ours' },
      summary: 'A network sends card numbers where a token belongs: {{ $labels.channel }}',
      description:
        'A request is refused, a fact waits for a person without its digits. No card of ours has such a token.',
      fires: {
        series: { [found('network_card_token', 'masked')]: '0x10 1x60' },
        at: '15m',
        labels: { channel: 'network_card_token' },
      },
      silent: { series: { [found('network_key', 'kept')]: '0+1x60' }, at: '15m' },
    },
    {
      name: 'CardNumbersAsKeys',
      expr: 'sum(increase(card_data_found_total{channel="network_key"}[1h])) > 20 + 0.6 * sum(increase(intake_events_total[1h]))',
      ...{ severity: 'SEV-2', service: 'security', runbook: 'card-data-found', origin: 'ours' },
      summary: 'More keys of a network than chance explains pass for card numbers',
      description:
        'Of events whose keys are numbers of 16 digits 15 in 100 have one that passes by chance. Keys are kept as they are.',
      fires: {
        series: { [found('network_key', 'kept')]: '0+9x80', 'intake_events_total{result="booked"}': '0+10x80' },
        at: '70m',
      },
      silent: {
        series: { [found('network_key', 'kept')]: '0+4x80', 'intake_events_total{result="booked"}': '0+10x80' },
        at: '70m',
      },
    },
    {
      name: 'CardDataInShopNames',
      expr: 'sum(increase(card_data_found_total{channel="network_message"}[1h])) > 20 + 0.02 * sum(increase(intake_events_total[1h]))',
      ...{ severity: 'SEV-3', service: 'security', runbook: 'card-data-found', origin: 'ours' },
      summary: "More shops' names than chance explains hold what looks like a card number",
      description: 'Of airline names with a ticket 2 in 100 look like one.',
      fires: {
        series: { [found('network_message', 'masked')]: '0+5x80', 'intake_events_total{result="booked"}': '0+10x80' },
        at: '70m',
      },
      silent: {
        series: { [found('network_message', 'masked')]: '0+1x80', 'intake_events_total{result="booked"}': '0+100x80' },
        at: '70m',
      },
    },
    {
      name: 'Watchdog',
      expr: 'vector(1)',
      ...{ severity: 'SEV-3', service: 'payments', runbook: 'watchdog', origin: 'ours' },
      summary: 'Always firing: who no longer hears it has lost the whole chain of alerting',
      description: 'Goes to a receiver that raises the alarm when it stops coming.',
      fires: { series: {}, at: '5m' },
      silent: null,
    },
  ],
};
