// The payments API, and the door before it.

import {
  type Dashboard,
  increase,
  largest,
  lines,
  percentOf,
  perSecond,
  quantile,
  quantiles,
  stacked,
} from '../dashboard.ts';

const server = 'http_server_request_duration_seconds';

export const paymentsApi: Dashboard = {
  id: 'payments-api',
  title: 'Atlas: payments API',
  says: 'Rate, errors and duration of each route.',
  rows: [
    {
      title: 'Rate, errors, duration',
      panels: [
        lines('Requests', 'reqps', [[perSecond(`${server}_count`), 'requests']]),
        lines('Technical errors', 'percent', [['ratio:payments_error_rate_5m', 'errors']], { bound: 4 }),
        lines('Latency', 's', quantiles(server), { bound: 0.5, exemplars: true }),
        lines('Exceptions and time-outs', 'ops', [
          [perSecond('app_exceptions_total'), 'exceptions'],
          [perSecond('request_timeouts_total', { by: 'peer' }), 'time-outs of {{peer}}'],
        ]),
      ],
    },
    {
      title: 'Routes',
      panels: [
        lines('Slowest routes, p95', 's', [
          [`topk(10, ${quantile(0.95, server, { by: 'route, method' })})`, '{{method}} {{route}}'],
        ]),
        lines('Busiest routes', 'reqps', [
          [`topk(10, ${perSecond(`${server}_count`, { by: 'route, method' })})`, '{{method}} {{route}}'],
        ]),
        lines('Routes with 5xx', 'reqps', [
          [
            `topk(10, ${perSecond(`${server}_count`, { by: 'route, method', where: 'http_response_status_code=~"5.."' })} > 0)`,
            '{{method}} {{route}}',
          ],
        ]),
      ],
    },
    {
      title: 'The process',
      panels: [
        lines(
          'How late the event loop is',
          's',
          [[largest('event_loop_delay_seconds', { by: 'instance' }), '{{instance}}']],
          {
            bound: 0.2,
          },
        ),
        lines('Calls in hand and waiting, by class of cost', 'short', [
          [`sum by (class, state) (api_calls{job="payments"})`, '{{class}} {{state}}'],
        ]),
        lines('Memory', 'bytes', [[largest('process_resident_memory_bytes', { by: 'instance' }), '{{instance}}']]),
        lines('Processor', 'percentunit', [
          [perSecond('process_cpu_seconds_total', { by: 'instance' }), '{{instance}}'],
        ]),
      ],
    },
  ],
};

const statusClass = `sum by (class) (label_replace(rate(${server}_count{job="payments"}[5m]), "class", "\${1}xx", "http_response_status_code", "(.).."))`;

export const gateway: Dashboard = {
  id: 'gateway',
  title: 'Atlas: gateway',
  says: 'What the door lets in, and what it sends away.',
  rows: [
    {
      title: 'Answers',
      panels: [
        stacked('By class of status', 'reqps', [[statusClass, '{{class}}']]),
        lines('Answered 429', 'percent', [[percentOf(`${server}_count`, 'http_response_status_code="429"'), '429']], {
          bound: 1,
        }),
        lines('Answered 503', 'percent', [[percentOf(`${server}_count`, 'http_response_status_code="503"'), '503']]),
      ],
    },
    {
      title: 'Repeats and refusals',
      panels: [
        lines('Idempotency', 'ops', [
          [perSecond('idempotency_cache_hits_total', { by: 'where' }), 'remembered by {{where}}'],
          [perSecond(`${server}_count`, { where: 'method=~"POST|PUT|PATCH|DELETE"' }), 'all writes'],
        ]),
        lines('Refused', 'ops', [[perSecond('access_refused_total', { by: 'reason' }), '{{reason}}']], {
          says: 'For who sent them, how many, or what was in them.',
        }),
        lines('Texts with card data', 'short', [
          [increase('card_data_found_total', { by: 'channel, outcome', over: '1h' }), '{{channel}} {{outcome}}'],
        ]),
        lines('Redis: one command', 's', quantiles('redis_command_duration_seconds'), { bound: 0.005 }),
      ],
    },
  ],
};
