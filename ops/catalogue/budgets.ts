// Alerts that say how fast a month's budget of bad events burns: over two windows each, and as they were asked for, as advice.

import { type Alert, type AlertGroup, type Case, job } from './alert.ts';
import { burnsOf, type Objective, objectives, type Window } from './objectives.ts';

export function shareName({ id, service }: Objective, window: Window): string {
  return `${service}:${id}_bad:ratio_rate${window}`;
}

const minutes: Readonly<Record<Window, number>> = {
  ...{ '5m': 5, '30m': 30, '1h': 60, '2h': 120, '6h': 360, '1d': 1_440, '3d': 4_320 },
};

function burnAlerts(objective: Objective): Alert[] {
  const { id, service, says, runbook } = objective;
  const budget = 1 - objective.objective;
  return burnsOf(objective).map(({ factor, long, short, severity }) => {
    const bound = Number((factor * budget).toPrecision(6));
    // Five samples in the short window, and two long windows of them.
    const every = minutes[short] / 5;
    const samples = (2 * minutes[long]) / every;
    const drawn = (share: number): Case => ({
      ...{ every, at: `${samples * every}m` },
      series: seriesOf(objective.sample, share, samples + 5),
    });
    return {
      name: `BudgetBurn_${id}_${String(factor).replace('.', '_')}x`,
      expr: `${shareName(objective, long)} > ${bound} and ${shareName(objective, short)} > ${bound}`,
      ...{ severity, service, runbook, origin: 'mended' as const },
      summary: `The month's budget burns ${factor} times too fast: ${id}`,
      description: `${says}: wanted ${Number((100 * objective.objective).toPrecision(6))} %. Bad over ${long} and over ${short}: more than ${Number((100 * bound).toPrecision(4))} % ({{ $value | humanizePercentage }}).`,
      fires: drawn(Math.min(1, bound * 1.5)),
      silent: drawn(bound * 0.5),
    };
  });
}

function seriesOf(sample: Objective['sample'], badShare: number, samples: number): Case['series'] {
  const each = 100_000;
  const bad = Math.round(each * badShare);
  const step = new Map<string, number>();
  for (const name of sample.good) step.set(name, each - bad);
  for (const name of sample.bad) step.set(name, (step.get(name) ?? 0) + bad);
  return Object.fromEntries([...step].map(([name, by]) => [name, `0+${by}x${samples}`]));
}

interface Asked {
  readonly window: '2h' | '24h';
  readonly factor: number;
  readonly name: string;
}

/** As asked: errors by I12's own sum, over one window each. They stay on for as long as the window remembers. */
function askedBurn({ window, factor, name }: Asked): Alert {
  const count = 'http_server_request_duration_seconds_count';
  const all = `sum(rate(${count}{${job}}[${window}]))`;
  const bad = [
    `sum(rate(${count}{${job},http_response_status_code=~"5.."}[${window}]))`,
    `sum(rate(app_exceptions_total{${job}}[${window}]))`,
    `sum(rate(request_timeouts_total{${job}}[${window}]))`,
  ];
  const every = window === '2h' ? 10 : 120;
  const of = (code: string) =>
    `${count}{${job},route="/settlements",method="POST",http_response_status_code="${code}"}`;
  const drawn = (share: number): Case => ({
    ...{ every, at: `${24 * every}m` },
    series: seriesOf({ good: [of('201')], bad: [of('500')] }, share, 30),
  });
  return {
    name,
    expr: `((${bad.map((one) => `(${one} or vector(0))`).join(' + ')}) / ${all}) / 0.001 > ${factor}`,
    ...{ severity: 'SEV-3', service: 'payments', runbook: 'high-error-rate', origin: 'asked' },
    summary: `Advice: over ${window} the error budget burns more than ${factor} times too fast`,
    description: 'The alerts BudgetBurn_payments_availability say it sooner, and end sooner.',
    fires: drawn(factor * 0.0015),
    silent: drawn(factor * 0.0005),
  };
}

export const budgets: AlertGroup = {
  name: 'error-budgets',
  alerts: [
    ...objectives.flatMap(burnAlerts),
    askedBurn({ window: '2h', factor: 14, name: 'PaymentsErrorBudgetBurnFast' }),
    askedBurn({ window: '24h', factor: 1, name: 'PaymentsErrorBudgetBurnSlow' }),
  ],
};
