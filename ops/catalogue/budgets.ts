// Alerts that say how fast a month's budget of bad events burns: over two windows each, and as they were asked for, as advice.

import { type Alert, type AlertGroup, type Case, job } from './alert.ts';
import { burns, burnsOf, type Objective, objectives, type Window } from './objectives.ts';

export function shareName({ id, service }: Objective, window: Window): string {
  return `${service}:${id}_bad:ratio_rate${window}`;
}

/** Bad events in a window, for the long ones. */
export function badCountName({ id, service }: Objective, window: Window): string {
  return `${service}:${id}_bad:increase${window}`;
}

/** The part of a long window in which this Prometheus has looked at the origin: 0.1 six minutes after its first look, of an hour. */
function lookedAtName(window: Window): string {
  return `prometheus:looked_at:ratio${window}`;
}

const minutes: Readonly<Record<Window, number>> = {
  ...{ '5m': 5, '30m': 30, '1h': 60, '2h': 120, '6h': 360, '1d': 1_440, '3d': 4_320 },
};

/** As many looks at a window as a test has samples in it, so that both fall together. */
const looks = 60;
const stepOf = (window: Window) => `${minutes[window] / looks}m`;

export const lookedAt = burns.map(({ long }) => ({
  record: lookedAtName(long),
  // Both ends of the window count where it ends on a step: 61 looks.
  expr: `clamp_max(count_over_time(max(up{${job}})[${long}:${stepOf(long)}]) / ${looks}, 1)`,
}));

/** Bad events that nobody is told of: of three requests at night one failed, which is a third of them and no part of a month's budget. */
const badMax = 10;

function burnAlerts(objective: Objective): Alert[] {
  const { id, service, says, runbook } = objective;
  const budget = 1 - objective.objective;
  return burnsOf(objective).map(({ factor, long, short, severity }) => {
    const bound = Number((factor * budget).toPrecision(6));
    return {
      name: `BudgetBurn_${id}_${String(factor).replace('.', '_')}x`,
      expr: [
        // What a young Prometheus has not seen counts as good, at the rate of what it has seen: a bad minute is a sixtieth of an hour's budget,
        // and not all of it.
        `${shareName(objective, long)} * ${lookedAtName(long)} > ${bound}`,
        `${shareName(objective, short)} > ${bound}`,
        `${badCountName(objective, long)} > ${badMax}`,
      ].join(' and '),
      ...{ severity, service, runbook, origin: 'mended' as const },
      summary: `The month's budget burns ${factor} times too fast: ${id}`,
      description: `${says}: wanted ${Number((100 * objective.objective).toPrecision(6))} %. Bad over ${long} and over ${short}: more than ${Number((100 * bound).toPrecision(4))} % ({{ $value | humanizePercentage }}).`,
      ...casesOf(objective.sample, { bound, every: minutes[long] / looks }),
    };
  });
}

/** `every`: minutes from sample to sample, so that a long window has sixty of them and a short one five. */
function casesOf(
  sample: Objective['sample'],
  { bound, every }: { readonly bound: number; readonly every: number },
): Pick<Alert, 'fires' | 'silent' | 'more'> {
  const drawn = (badShare: number, at = 2 * looks): Case => ({
    ...{ every, at: `${at * every}m` },
    series: {
      [`up{${job},instance="a:1"}`]: `1x${at}`,
      ...seriesOf(sample, badShare, (each) => `0+${each}x${at}`),
    },
  });
  /** Looks that do not spend the long window's budget yet, where everything is bad from the first on. */
  const unspent = Math.floor(bound * looks);
  const quiet = drawn(0);
  return {
    fires: drawn(Math.min(1, bound * 1.5)),
    silent: drawn(bound * 0.5),
    more: [
      { what: 'on a young Prometheus, bad for three looks', isFiring: false, ...drawn(Math.min(1, bound * 1.5), 3) },
      // The first look is at 0; a rate needs two.
      ...(unspent < 2
        ? []
        : [
            {
              what: 'on a young Prometheus, before the budget is spent',
              isFiring: false,
              ...drawn(1, unspent - 1),
            },
          ]),
      { what: 'on a young Prometheus, when it is', isFiring: true, ...drawn(1, Math.max(1, unspent)) },
      {
        ...{ what: 'where three requests are all there are, and all are bad', isFiring: false, ...quiet },
        series: {
          ...quiet.series,
          ...seriesOf(sample, 1, (each) => `0x${2 * looks - 3} ${each && 1} ${each && 2} ${each && 3}`),
        },
      },
    ],
  };
}

/** `drawnAs`: the samples of a counter that grows by so many from one to the next. */
function seriesOf(sample: Objective['sample'], badShare: number, drawnAs: (each: number) => string): Case['series'] {
  const each = 100_000;
  const bad = Math.round(each * badShare);
  const step = new Map<string, number>();
  for (const name of sample.good) step.set(name, each - bad);
  for (const name of sample.bad) step.set(name, (step.get(name) ?? 0) + bad);
  return Object.fromEntries([...step].map(([name, by]) => [name, drawnAs(by)]));
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
    series: seriesOf({ good: [of('201')], bad: [of('500')] }, share, (each) => `0+${each}x30`),
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
