// What carries facts from the edge into the books, and what it stands on: queue, intake, loops, database, Redis.

import { type Dashboard, increase, largest, lines, perSecond, quantiles, stacked, states } from '../dashboard.ts';

export const queue: Dashboard = {
  id: 'queue-and-intake',
  title: 'Atlas: queue and intake',
  says: "The pipe from the cards' logs into the ledger.",
  rows: [
    {
      title: 'Intake',
      panels: [
        stacked('Events', 'ops', [[perSecond('intake_events_total', { by: 'outcome' }), '{{outcome}}']]),
        lines('From the card to the books', 's', quantiles('intake_lag_seconds'), { bound: 30 }),
        lines('Messages', 'ops', [[perSecond('intake_messages_total', { by: 'outcome' }), '{{outcome}}']]),
        lines('One batch', 's', quantiles('intake_batch_seconds')),
      ],
    },
    {
      title: 'The queues',
      panels: [
        lines('Waiting in the queue', 'short', [[largest('queue_backlog_messages', { by: 'queue' }), '{{queue}}']], {
          says: "By the queue's own estimate. No line: it does not answer, or nothing is pulled here.",
          bound: 1_000,
        }),
        lines('Age of the oldest', 'dtdurations', [
          [largest('queue_oldest_age_seconds', { by: 'queue' }), '{{queue}}'],
        ]),
        lines('Pulls that failed', 'ops', [[perSecond('queue_pull_failures_total', { by: 'queue' }), '{{queue}}']]),
        lines(
          'Out of the dead queues',
          'short',
          [[increase('dead_queue_messages_total', { by: 'queue, outcome', over: '1h' }), '{{queue}} {{outcome}}']],
          { says: 'What was not taken in 100 tries. done: booked after all; dead_letter: an open item.' },
        ),
        lines('Cards that the sweep compared', 'short', [
          [increase('sweep_cards_total', { over: '1h' }), 'in an hour'],
        ]),
      ],
    },
    {
      title: 'What went wrong',
      panels: [
        lines('Batches not booked', 'ops', [[perSecond('intake_batch_failures_total', { by: 'cause' }), '{{cause}}']]),
        lines('Read back from cards', 'ops', [[perSecond('intake_repaired_events_total'), 'events']], {
          says: 'Events that the queue did not bring.',
        }),
        lines(
          'Cards whose log is behind the ledger',
          'short',
          [[increase('intake_edge_behind_total', { over: '1h' }), 'cards']],
          {
            says: 'The storage of a card was set back.',
          },
        ),
        lines('Fenced cards', 'short', [[largest('cards_fenced'), 'cards']], {
          says: 'They decide nothing until they are rebuilt from the books.',
        }),
        lines('Waiting', 'short', [[largest('origin_waiting', { by: 'what' }), '{{what}}']]),
      ],
    },
    {
      title: 'Loops',
      panels: [
        states('Standing still', [[largest('loop_stands_still', { by: 'loop' }), '{{loop}}']], { bound: 1 }),
        lines('Age of the last success', 'dtdurations', [
          [`time() - ${largest('loop_last_success_timestamp_seconds', { by: 'loop' })}`, '{{loop}}'],
        ]),
        lines('The oldest that waits', 'dtdurations', [[largest('loop_lag_seconds', { by: 'loop' }), '{{loop}}']]),
        lines('Failed rounds', 'ops', [[perSecond('loop_failures_total', { by: 'loop' }), '{{loop}}']]),
      ],
    },
  ],
};

export const database: Dashboard = {
  id: 'database-and-redis',
  title: 'Atlas: database and Redis',
  says: 'What the origin stands on, as it sees it.',
  rows: [
    {
      title: 'Postgres',
      panels: [
        lines('Commit', 's', quantiles('sql_exec_latency', { where: 'op="commit"' }), { bound: 0.05 }),
        lines('Errors', 'ops', [[perSecond('db_errors_total', { by: 'kind' }), '{{kind}}']]),
        lines('Connections', 'short', [
          [
            `max by (instance, pool, state) (database_pool_connections{job="payments"})`,
            '{{instance}} {{pool}} {{state}}',
          ],
        ]),
        lines('Calls outside while a transaction was open', 'short', [
          [increase('waits_in_transaction_total', { by: 'for', over: '1h' }), '{{for}}'],
        ]),
      ],
    },
    {
      title: 'Clocks and keys',
      panels: [
        lines('Clocks: how far from ours', 's', [
          [`max by (instance, of) (abs(clock_skew_seconds{job="payments"}))`, '{{instance}} {{of}}'],
        ]),
        lines('Certificates of whom we call: until they end', 'dtdurations', [
          ['min by (peer) (cert_expiry_seconds)', '{{peer}}'],
        ]),
        lines('API token of the queue: until it ends', 'dtdurations', [
          [`min by (of) (token_expiry_seconds{job="payments"})`, '{{of}}'],
        ]),
        lines('API keys that end within 14 days', 'short', [[largest('api_keys_ending_soon', { by: 'of' }), '{{of}}']]),
      ],
    },
    {
      title: 'Kept and removed',
      panels: [
        lines('Rows removed', 'ops', [[perSecond('retention_rows_total', { by: 'table' }), '{{table}}']]),
        lines('Idempotency keys removed', 'ops', [[perSecond('idempotency_keys_removed_total'), 'keys']]),
      ],
    },
    {
      title: 'Redis',
      panels: [
        lines('One command', 's', quantiles('redis_command_duration_seconds'), { bound: 0.005 }),
        lines('Commands', 'ops', [[perSecond('redis_command_duration_seconds_count'), 'commands']]),
        lines('Memory', 'percentunit', [['redis_memory_used_bytes / (redis_memory_max_bytes > 0)', '{{instance}}']], {
          bound: 0.8,
          needs: 'redis_exporter',
        }),
        lines('Evicted', 'ops', [['rate(redis_evicted_keys_total[5m])', '{{instance}}']], { needs: 'redis_exporter' }),
      ],
    },
  ],
};

const server = 'http_server_request_duration_seconds';

export const traces: Dashboard = {
  id: 'traces-and-logs',
  title: 'Atlas: traces and logs',
  says: 'From a slow request to its trace, and from a trace to its log lines.',
  rows: [
    {
      title: 'Slow requests, each point a trace',
      panels: [
        lines('Purchases at the edge', 's', quantiles('card_authorization_seconds'), { exemplars: true }),
        lines('Payments API', 's', quantiles(server), { exemplars: true, bound: 0.5 }),
        lines('Payment providers', 's', quantiles('http_client_request_duration_seconds'), {
          exemplars: true,
          bound: 1.2,
        }),
      ],
    },
    {
      title: 'Log lines, by Loki',
      panels: [
        {
          title: 'Errors of the origin',
          says: 'trace_id leads to the trace in Tempo, request_id to all lines of one request.',
          shape: 'log',
          expr: '{service_name="atlas-origin"} | json | level="error"',
        },
        {
          title: 'Warnings and errors of the edge',
          says: 'All of them are kept; decisions are sampled.',
          shape: 'log',
          expr: '{service_name="atlas-edge"} | json | level=~"warn|error"',
        },
      ],
    },
  ],
};
