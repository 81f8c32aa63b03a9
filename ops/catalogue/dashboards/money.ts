// Where money goes out: providers, settlements, webhooks, and what needs a person.

import {
  type Dashboard,
  figure,
  increase,
  largest,
  lines,
  perSecond,
  quantile,
  quantiles,
  stacked,
  states,
} from '../dashboard.ts';

const client = 'http_client_request_duration_seconds';
const failed = 'outcome=~"not_taken|unknown"';

export const adapters: Dashboard = {
  id: 'adapters',
  title: 'Atlas: payment providers',
  says: 'Each provider: how fast, how often it fails, and how its breaker stands.',
  rows: [
    {
      title: 'Calls',
      panels: [
        lines('p95', 's', [[quantile(0.95, client, { by: 'peer' }), '{{peer}}']], { bound: 1.2, exemplars: true }),
        lines(
          'Failed',
          'percent',
          [
            [
              `100 * ${perSecond(`${client}_count`, { by: 'peer', where: failed })} / ${perSecond(`${client}_count`, { by: 'peer' })}`,
              '{{peer}}',
            ],
          ],
          { bound: 2 },
        ),
        lines('Calls, by the status that was heard', 'ops', [
          [
            perSecond(`${client}_count`, { by: 'peer, http_response_status_code' }),
            '{{peer}} {{http_response_status_code}}',
          ],
        ]),
        lines('Given up after their time', 'ops', [[perSecond('request_timeouts_total', { by: 'peer' }), '{{peer}}']]),
      ],
    },
    {
      title: 'Breakers',
      panels: [
        states('Breaker', [[largest('circuit_breaker_state', { by: 'psp' }), '{{psp}}']], {
          says: '0 closed, 1 half open, 2 open.',
          bound: 2,
        }),
        lines('Openings and closings in 15 m', 'short', [
          [increase('circuit_breaker_opens_total', { by: 'psp', over: '15m' }), '{{psp}} opened'],
          [increase('circuit_breaker_closes_total', { by: 'psp', over: '15m' }), '{{psp}} closed'],
        ]),
      ],
    },
    {
      title: 'What came of it',
      panels: [
        stacked('Exchanges', 'ops', [
          [perSecond('provider_exchanges_total', { by: 'psp, kind, outcome' }), '{{psp}} {{kind}} {{outcome}}'],
        ]),
        lines('Troubles', 'ops', [[perSecond('provider_troubles_total', { by: 'psp, code' }), '{{psp}} {{code}}']]),
      ],
    },
  ],
};

export const webhooks: Dashboard = {
  id: 'webhooks-and-reconciliation',
  title: 'Atlas: settlements, webhooks, reconciliation',
  says: 'Money on its way out, what providers say of it, and what partners are told.',
  rows: [
    {
      title: 'Settlements',
      panels: [
        stacked('By the state they came to', 'ops', [
          [perSecond('settlement_transitions_total', { by: 'state' }), '{{state}}'],
        ]),
        lines('From asked for to final', 's', quantiles('settlement_final_seconds', { over: '10m' }), { bound: 5 }),
        lines('In hand', 'short', [['sum (settlement_in_hand{job="payments"})', 'in hand']]),
        lines('For a person', 'short', [
          [increase('settlement_dead_letters_total', { over: '1h' }), 'set aside'],
          [increase('settlement_results_not_recorded_total', { over: '1h' }), 'results not recorded'],
          [increase('settlement_postponed_total', { by: 'what', over: '1h' }), 'postponed: {{what}}'],
        ]),
      ],
    },
    {
      title: "Providers' webhooks, in",
      panels: [
        lines('Received', 'ops', [[perSecond('webhooks_in_total', { by: 'psp, outcome' }), '{{psp}} {{outcome}}']]),
        lines('Not stored', 'ops', [[perSecond('webhook_store_failures_total', { by: 'psp' }), '{{psp}}']]),
        lines('Waiting', 'short', [[largest('origin_waiting', { by: 'what' }), '{{what}}']], { bound: 5_000 }),
        lines('What became of them', 'ops', [
          [perSecond('settlement_provider_words_total', { by: 'outcome' }), '{{outcome}}'],
        ]),
      ],
    },
    {
      title: "Partners' webhooks, out",
      panels: [
        lines('The oldest that is due', 's', [[largest('webhook_lag_seconds', { by: 'endpoints' }), '{{endpoints}}']], {
          bound: 30,
        }),
        stacked('Attempts', 'ops', [[perSecond('webhook_deliveries_total', { by: 'outcome' }), '{{outcome}}']]),
        lines('One attempt, p95', 's', [
          [quantile(0.95, 'webhook_delivery_seconds', { by: 'outcome' }), '{{outcome}}'],
        ]),
        lines('Endpoints disabled', 'short', [
          [increase('webhook_endpoints_disabled_total', { by: 'reason', over: '1h' }), '{{reason}}'],
        ]),
      ],
    },
    {
      title: 'Reconciliation: what needs a person',
      panels: [
        lines('Open items', 'short', [[`${largest('open_items', { by: 'kind' })} > 0`, '{{kind}}']]),
        lines(
          'Age of the oldest',
          'dtdurations',
          [[`${largest('open_items_oldest_age_seconds', { by: 'kind' })} > 0`, '{{kind}}']],
          { bound: 86_400 },
        ),
        lines('Suspense, in minor units', 'short', [
          [largest('suspense_minor', { by: 'currency, what' }), '{{currency}} {{what}}'],
          [
            largest('clearings_withheld_minor', { by: 'network, currency, owner' }),
            'withheld {{network}} {{currency}} {{owner}}',
          ],
          [
            largest('refunds_withheld_minor', { by: 'network, currency, owner' }),
            'refunds withheld {{network}} {{currency}} {{owner}}',
          ],
          [largest('cards_withheld_minor', { by: 'network, currency' }), 'withheld at cards {{network}} {{currency}}'],
          [largest('merchants_deficit_minor', { by: 'currency' }), 'deficits {{currency}}'],
        ]),
        figure('At providers that are not configured', 'short', [
          [largest('settlement_payments_of_unconfigured_providers', { by: 'psp' }), '{{psp}}'],
        ]),
      ],
    },
  ],
};
