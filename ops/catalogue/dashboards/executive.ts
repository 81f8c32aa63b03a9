// For who asks whether all is well: the objectives, what is left of their budgets, and what fires.

import { shareName } from '../budgets.ts';
import { type Dashboard, figure, lines, perSecond, quantiles, table } from '../dashboard.ts';
import { objectives } from '../objectives.ts';

const server = 'http_server_request_duration_seconds';

export const executive: Dashboard = {
  id: 'objectives',
  title: 'Atlas: objectives',
  says: 'Whether the objectives are kept, how fast their budgets burn, and what fires now.',
  rows: [
    {
      title: 'Now',
      panels: [
        table('Alerts that fire', 'short', [
          [
            'sum by (alertname, severity, service) (ALERTS{alertstate="firing",alertname!="Watchdog"})',
            '{{severity}} {{alertname}}',
          ],
        ]),
        lines('Payments API: technical errors', 'percent', [['ratio:payments_error_rate_5m', 'errors']], {
          says: '5xx, exceptions and time-outs, over all requests of 5 minutes; declines are answers.',
          bound: 4,
        }),
        lines('Payments API: latency', 's', quantiles(server), { bound: 0.5, exemplars: true }),
        lines('Payments API: requests', 'reqps', [[perSecond(`${server}_count`), 'requests']]),
      ],
    },
    {
      title: 'Objectives',
      panels: objectives.map((objective) =>
        figure(objective.id, 'percentunit', [[`1 - ${shareName(objective, '3d')}`, 'good in 3 d']], {
          says: `${objective.says}: wanted ${Number((100 * objective.objective).toPrecision(6))} %. Owner: ${objective.owner}.`,
          bound: objective.objective,
        }),
      ),
    },
    {
      title: 'Budgets: how many times too fast they burn',
      panels: objectives.map((objective) => {
        const budget = Number((1 - objective.objective).toPrecision(6));
        return lines(
          objective.id,
          'short',
          (['1h', '6h', '3d'] as const).map((window) => [`${shareName(objective, window)} / ${budget}`, window]),
          {
            says: '1: the budget lasts the month. Pages at 14.4 over 1 h and at 6 over 6 h.',
            bound: 14.4,
          },
        );
      }),
    },
  ],
};
