// The rules as Prometheus loads them, and promtool's tests of each.

import { type Alert, job } from '../catalogue/alert.ts';
import { badCountName, lookedAt, shareName } from '../catalogue/budgets.ts';
import { groups } from '../catalogue/catalogue.ts';
import { burns, objectives, windows } from '../catalogue/objectives.ts';

/** Names that were asked for; the house's own rules read well-named ones. */
const asked = [
  ['sum:payments_http_total_5m', `sum(increase(http_server_request_duration_seconds_count{${job}}[5m]))`],
  [
    'sum:payments_http_5xx_5m',
    `sum(increase(http_server_request_duration_seconds_count{${job},http_response_status_code=~"5.."}[5m])) or vector(0)`,
  ],
  ['sum:payments_app_exceptions_5m', `sum(increase(app_exceptions_total{${job}}[5m])) or vector(0)`],
  ['sum:payments_timeouts_5m', `sum(increase(request_timeouts_total{${job}}[5m])) or vector(0)`],
  ['sum:payments_errors_5m', 'sum:payments_http_5xx_5m + sum:payments_app_exceptions_5m + sum:payments_timeouts_5m'],
  ['ratio:payments_error_rate_5m', '(sum:payments_errors_5m / sum:payments_http_total_5m) * 100'],
] as const;

/** Where the runbooks are read from; a deployment of one's own has its own copy. */
export const runbookUrl = (runbook: string): string => `ops/runbooks/${runbook}.md`;

export function recordingRules() {
  const shares = objectives.map((objective) => ({
    name: `objective-${objective.id}`,
    rules: [
      ...windows.map((window) => {
        const rate = (counter: string) => `rate(${counter}[${window}])`;
        return {
          record: shareName(objective, window),
          expr: `(${objective.bad(rate)} or vector(0)) / (${objective.all(rate)} > 0)`,
        };
      }),
      ...burns.map(({ long }) => ({
        record: badCountName(objective, long),
        expr: objective.bad((counter) => `increase(${counter}[${long}])`),
      })),
    ],
  }));
  const asAsked = { name: 'asked-names', rules: asked.map(([record, expr]) => ({ record, expr })) };
  return { groups: [asAsked, { name: 'looked-at', rules: [...lookedAt] }, ...shares] };
}

export function alertingRules() {
  return { groups: groups.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) })) };
}

function ruleOf(alert: Alert) {
  const { name, expr, severity, service, summary, description, runbook } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity, service, team: 'payments' },
    annotations: { summary, description, runbook_url: runbookUrl(runbook) },
  };
}

interface RuleTests {
  readonly name: string;
  readonly rules: { readonly groups: readonly object[] };
  readonly tests: {
    readonly group_eval_order: readonly string[];
    readonly tests: readonly { readonly name: string }[];
  };
}

/**
 * promtool's tests, in files of one group and one step of time each, with the rules that they ask and no others: promtool evaluates every rule at every
 * step. Without annotations, which it compares word for word, and which hold figures.
 */
export function ruleTests(): readonly RuleTests[] {
  return groups.flatMap((group) => {
    const steps = [...new Set(group.alerts.map(({ fires }) => fires.every ?? 1))];
    return steps.map((every) => {
      const alerts = group.alerts.filter(({ fires }) => (fires.every ?? 1) === every);
      return testsOf(`${group.name}-${every}m`, every, alerts);
    });
  });
}

function testsOf(name: string, every: number, alerts: readonly Alert[]): RuleTests {
  const rules = alerts.map((alert) => {
    const { annotations: _, ...rule } = ruleOf(alert);
    return rule;
  });
  const all = [...recordsFor(alerts), { name: 'alerts', rules }];
  return {
    name,
    rules: { groups: all },
    tests: {
      ...{ rule_files: [`${name}.rules.json`], evaluation_interval: `${every}m` },
      // Records first: what is older than five minutes is not seen any more.
      group_eval_order: all.map((group) => group.name),
      tests: alerts.flatMap((alert) => [
        testOf(alert, { ...alert.fires, what: 'fires', isFiring: true }),
        ...(alert.silent === null ? [] : [testOf(alert, { ...alert.silent, what: 'is silent', isFiring: false })]),
        ...(alert.more ?? []).map((one) => testOf(alert, one)),
      ]),
    },
  };
}

/** Those that the alerts name, and those that these name. */
function recordsFor(alerts: readonly Alert[]) {
  const text = alerts.map(({ expr }) => expr).join(' ');
  const isAsked = text.includes('_5m');
  return recordingRules()
    .groups.map((group) => ({
      ...group,
      rules: group.rules.filter(({ record }) => (group.name === 'asked-names' ? isAsked : text.includes(`${record} `))),
    }))
    .filter(({ rules }) => rules.length > 0);
}

function testOf(alert: Alert, { series, at, labels, every = 1, what, isFiring }: NonNullable<Alert['more']>[number]) {
  const { severity, service } = alert;
  const expected = { exp_labels: { severity, service, team: 'payments', ...labels } };
  return {
    name: `${alert.name}: ${what}`,
    interval: `${every}m`,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname: alert.name, exp_alerts: isFiring ? [expected] : [] }],
  };
}
