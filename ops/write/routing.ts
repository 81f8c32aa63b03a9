// Alertmanager's configuration: who hears of what (I19), and which alerts say nothing new beside others.

/** Secrets and addresses are read from files beside it: nothing of them is in the repository. */
export function alertmanager() {
  const once = { group_by: ['service'], group_wait: '30s', group_interval: '5m', repeat_interval: '2h' };
  return {
    route: {
      receiver: 'pager',
      ...once,
      routes: [
        // Comes every minute, to a receiver that raises the alarm when it no longer does.
        {
          matchers: ['alertname="Watchdog"'],
          receiver: 'dead-mans-switch',
          group_wait: '0s',
          group_interval: '1m',
          repeat_interval: '1m',
        },
        { matchers: ['severity="SEV-1"'], receiver: 'pager' },
        { matchers: ['severity="SEV-2"'], receiver: 'mail' },
        { matchers: ['severity="SEV-3"'], receiver: 'chat' },
      ],
    },
    inhibit_rules: [
      {
        source_matchers: ['alertname="PSPCircuitBreakerOpen"'],
        target_matchers: [
          'alertname=~"PSPAdapterErrorRateHigh|PSPCallLatencyP95High|PSPCircuitBreakerFlapping|PSPNotAnswering"',
        ],
        equal: ['psp'],
      },
      {
        source_matchers: ['alertname="DBErrors"'],
        target_matchers: [
          'alertname=~"DBCommitLatencyHigh|DBPoolExhausted|WebhookStoreFailures|LoopStandsStill|SettlementResultLost"',
        ],
      },
      // Each of them keeps decisions from being counted, or from being made.
      {
        source_matchers: ['alertname=~"EdgeNotServing|DBErrors|QueuePullsFail"'],
        target_matchers: ['alertname=~"CardsNotAsked|DeclinesJump"'],
      },
      { source_matchers: ['alertname="OriginDown"'], target_matchers: ['alertname="PaymentsNoTraffic"'] },
      {
        source_matchers: ['alertname="PaymentsHighErrorRatePrimary"'],
        target_matchers: [
          'alertname=~"PaymentsHighErrorRateAdvisory|PaymentsErrorBudgetBurn.*|BudgetBurn_payments_availability.*"',
          'severity!="SEV-1"',
        ],
      },
    ],
    receivers: [
      { name: 'pager', pagerduty_configs: [{ routing_key_file: 'secrets/pagerduty-routing-key' }] },
      {
        name: 'mail',
        email_configs: [
          {
            to: 'noc@example.com',
            from: 'alertmanager@example.com',
            smarthost: 'smtp.example.com:587',
            auth_username: 'alertmanager@example.com',
            auth_password_file: 'secrets/smtp-password',
          },
        ],
      },
      { name: 'chat', slack_configs: [{ channel: '#payments-alerts', api_url_file: 'secrets/slack-url' }] },
      { name: 'dead-mans-switch', webhook_configs: [{ url: 'http://127.0.0.1:9099/watchdog', send_resolved: false }] },
    ],
  };
}

/** Of each severity and of Watchdog: who must hear of it. */
export const routed = [
  [{ alertname: 'PSPCircuitBreakerOpen', severity: 'SEV-1' }, 'pager'],
  [{ alertname: 'DBCommitLatencyHigh', severity: 'SEV-2' }, 'mail'],
  [{ alertname: 'GatewayHigh429Rate', severity: 'SEV-3' }, 'chat'],
  [{ alertname: 'Watchdog', severity: 'SEV-3' }, 'dead-mans-switch'],
] as const;

interface Targets {
  /** INNER_PORT where the origin has one: its metrics are not for everybody. */
  readonly origin: string;
  readonly alertmanager: string;
}

export function prometheus({ origin, alertmanager: address }: Targets = defaultTargets) {
  return {
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: ['recording.yml', 'alerts.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [address] }] }] },
    scrape_configs: [{ job_name: 'payments', metrics_path: '/metrics', static_configs: [{ targets: [origin] }] }],
  };
}

/** The origin's INNER_PORT as docs/deploying.md sets it: at its PORT production answers no metrics. */
const defaultTargets: Targets = { origin: '127.0.0.1:8789', alertmanager: '127.0.0.1:9093' };

/** The same routing and inhibition where there is no pager: each receiver is a path below one address, such as `/pager`. */
export function alertmanagerTelling(url: string) {
  const { receivers, ...rest } = alertmanager();
  const told = receivers.map(({ name }) => ({
    name,
    webhook_configs: [{ url: `${url}/${name}`, send_resolved: true }],
  }));
  return { ...rest, receivers: told };
}
