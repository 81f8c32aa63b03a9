// What a run of `npm run load -- alerts` has shown: each phase with what the origin says failed in it, each alert with when it fired and
// whether somebody was told, and whether the primary alert fired on real failures and on nothing else.

import type { Heard } from './alert-log.ts';
import type { Phase } from './alert-phases.ts';
import { type Firing, figureAt, firings } from './observed.ts';
import { rounded } from './statistics.ts';

export interface AlertsReport {
  readonly hurry: number;
  readonly load: {
    readonly requests: number;
    readonly p50_ms: number;
    readonly p95_ms: number;
    readonly p99_ms: number;
    readonly max_ms: number;
    /** Requests without a 2xx while the database was away, and else. */
    readonly failed_as_meant: number;
    readonly failed_otherwise: number;
  };
  readonly phases: readonly (Phase & PhaseFigures)[];
  readonly alerts: readonly AlertFigures[];
  readonly broken: readonly string[];
}

interface PhaseFigures {
  /** As Prometheus counted them. */
  readonly requests: number;
  readonly answered_5xx: number;
  readonly timeouts: number;
  readonly exceptions: number;
}

interface AlertFigures {
  readonly alert: string;
  readonly severity: string;
  readonly from_s: number;
  /** Null: it fires still. */
  readonly to_s: number | null;
  /** When the first notification of it came; null: held back, or none yet. */
  readonly told_s: number | null;
}

interface Run {
  readonly url: string;
  readonly heard: readonly Heard[];
  readonly phases: readonly Phase[];
  readonly startMs: number;
  readonly hurry: number;
  readonly load: AlertsReport['load'];
}

const primary = 'PaymentsHighErrorRatePrimary';
const breaker = 'PSPCircuitBreakerOpen';
/** The primary's window and `for`, and two looks. */
const rememberedS = (hurry: number) => 600 / hurry + 4;

/** Between two looks at what Prometheus has, at most: an alert may be heard of before the look that finds it. */
const lookMs = 2_000;

export async function alertsReport(run: Run): Promise<AlertsReport> {
  const { url, phases, startMs, hurry, load } = run;
  const endMs = Date.now();
  const found = await firings(url, { fromMs: startMs, toMs: endMs, stepS: 1 });
  const counted = await Promise.all(phases.map(async (phase) => ({ ...phase, ...(await figuresOf(phase, run)) })));
  const alerts = found
    .filter(({ alert }) => alert !== 'Watchdog')
    .map((firing) => {
      const next = found.find(({ alert, fromMs }) => alert === firing.alert && fromMs > firing.fromMs);
      return alertFigures(firing, { ...run, endMs, beforeMs: next?.fromMs ?? endMs });
    });
  return { hurry, load, phases: counted, alerts, broken: brokenLaws(alerts, run) };
}

async function figuresOf({ fromS, toS }: Phase, { url, startMs }: Run): Promise<PhaseFigures> {
  const count = async (series: string) =>
    Math.round((await figureAt(url, `sum(increase(${series}[${toS - fromS}s]))`, startMs + toS * 1_000)) ?? 0);
  const server = 'http_server_request_duration_seconds_count';
  return {
    requests: await count(server),
    answered_5xx: await count(`${server}{http_response_status_code=~"5.."}`),
    timeouts: await count('request_timeouts_total'),
    exceptions: await count('app_exceptions_total'),
  };
}

/** `beforeMs`: when the same alert fired again; what is heard from then on is of that. */
function alertFigures(
  { alert, severity, fromMs, toMs }: Firing,
  { startMs, heard, endMs, beforeMs }: Run & { readonly endMs: number; readonly beforeMs: number },
): AlertFigures {
  const seconds = (ms: number) => Math.round((ms - startMs) / 1_000);
  const told = heard.find(
    ({ alert: name, status, atMs }) =>
      name === alert && status === 'firing' && atMs >= fromMs - lookMs && atMs < beforeMs - lookMs,
  );
  return {
    ...{ alert, severity },
    from_s: seconds(fromMs),
    to_s: endMs - toMs < 3_000 ? null : seconds(toMs),
    told_s: told === undefined ? null : seconds(told.atMs),
  };
}

export function brokenLaws(
  alerts: readonly AlertFigures[],
  { phases, hurry, load }: Pick<Run, 'phases' | 'hurry' | 'load'>,
): string[] {
  const named = (name: Phase['name']) => phases.filter((phase) => phase.name === name);
  const [firstAway] = named('database away');
  // It must have been so for five minutes, at this pace; what fired before had another reason.
  const dueS = (firstAway?.fromS ?? 0) + 300 / hurry;
  const untilS = (firstAway?.toS ?? 0) + rememberedS(hurry);
  const onAway = alerts.some(
    ({ alert, from_s, to_s }) => alert === primary && from_s <= untilS && (to_s ?? Number.POSITIVE_INFINITY) >= dueS,
  );
  const startedIn = ({ from_s }: AlertFigures, { fromS, toS }: Phase) =>
    from_s >= fromS && from_s <= toS + rememberedS(hurry);
  const opened = alerts.some(
    (one) => one.alert === breaker && named('provider slow').some((phase) => startedIn(one, phase)),
  );
  // A provider that hangs is time-outs; the database away is 5xx. One call in a hundred is neither more than 4 %.
  const real = [...named('provider slow'), ...named('database away')];
  const unreal = alerts.filter((one) => one.alert === primary && !real.some((phase) => startedIn(one, phase)));
  const laws: readonly (readonly [holds: boolean, says: string])[] = [
    [onAway, `${primary} did not fire while the database was away`],
    [opened, `${breaker} did not fire while the provider was slow`],
    [
      // A machine that is too slow for the load answers real 5xx too, and the alert is right then.
      unreal.length === 0 || load.failed_otherwise > 0.04 * load.requests,
      `${primary} fired without 5xx or time-outs to speak of, at ${unreal.map(({ from_s }) => `${from_s} s`).join(', ')}`,
    ],
    [load.failed_as_meant > 0, 'the database was away, and no request failed'],
  ];
  return laws.filter(([holds]) => !holds).map(([, says]) => says);
}

export function inWords({ load, phases, alerts, broken, hurry }: AlertsReport): string {
  const ms = (value: number) => `${rounded(value, 1)} ms`;
  const share = ({ requests, answered_5xx, timeouts, exceptions }: PhaseFigures) =>
    `${rounded((100 * (answered_5xx + timeouts + exceptions)) / Math.max(1, requests), 2)} %`;
  return [
    broken.length === 0 ? 'alerts: every law held.' : `alerts: BROKEN: ${broken.join('; ')}.`,
    `  load     ${load.requests} requests, p50 ${ms(load.p50_ms)}, p95 ${ms(load.p95_ms)}, p99 ${ms(load.p99_ms)}; without 2xx ${load.failed_as_meant} while the database was away, ${load.failed_otherwise} else`,
    ...phases.map(
      (phase) =>
        `  phase    ${`${phase.fromS}–${phase.toS} s`.padEnd(13)}${phase.name.padEnd(14)} ${phase.requests} requests, 5xx ${phase.answered_5xx}, time-outs ${phase.timeouts}, exceptions ${phase.exceptions}: ${share(phase)}`,
    ),
    ...alerts.map(
      ({ alert, severity, from_s, to_s, told_s }) =>
        `  alert    ${`${from_s}–${to_s ?? ''} s`.padEnd(13)}${severity} ${alert}, ${told_s === null ? 'nobody told' : `told at ${told_s} s`}`,
    ),
    `  windows, waits and \`for\` of the alerts were divided by ${hurry}`,
    '',
  ].join('\n');
}
