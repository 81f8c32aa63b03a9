// What the origin stands on: database, Redis, certificates, vault.

import { type AlertGroup, job } from './alert.ts';

const commit = (le: string) => `sql_exec_latency_bucket{${job},op="commit",le="${le}"}`;
const redis = (le: string) => `redis_command_duration_seconds_bucket{${job},le="${le}"}`;

export const database: AlertGroup = {
  name: 'database',
  alerts: [
    {
      name: 'DBCommitLatencyHigh',
      expr: `histogram_quantile(0.95, sum by (le) (rate(sql_exec_latency_bucket{${job},op="commit"}[5m]))) > 0.05`,
      ...{ for: '10m', severity: 'SEV-2', service: 'database', runbook: 'db-latency', origin: 'asked' },
      summary: 'Commits take more than 50 ms at p95 until they are on the disk (10m)',
      description: 'p95 is {{ $value | humanizeDuration }}.',
      fires: {
        series: { [commit('0.05')]: '0+80x30', [commit('0.1')]: '0+100x30', [commit('+Inf')]: '0+100x30' },
        at: '20m',
      },
      silent: {
        series: { [commit('0.05')]: '0+100x30', [commit('0.1')]: '0+100x30', [commit('+Inf')]: '0+100x30' },
        at: '20m',
      },
    },
    {
      name: 'DBErrors',
      expr: `sum by (kind) (increase(db_errors_total{${job}}[5m])) > 0`,
      ...{ for: '5m', severity: 'SEV-1', service: 'database', runbook: 'db-errors', origin: 'asked' },
      summary: 'The database fails: {{ $labels.kind }}',
      description:
        '{{ $value | printf "%.0f" }} in five minutes, for five minutes. Cards are decided on; booking and settling wait.',
      fires: {
        series: { [`db_errors_total{${job},kind="no_connection"}`]: '0x2 1+1x20' },
        at: '15m',
        labels: { kind: 'no_connection' },
      },
      silent: { series: { [`db_errors_total{${job},kind="no_connection"}`]: '0x2 1x20' }, at: '15m' },
    },
    {
      name: 'DBPoolExhausted',
      expr: `max by (instance, pool) (database_pool_connections{${job},state="waiting"}) > 10`,
      ...{ for: '2m', severity: 'SEV-2', service: 'database', runbook: 'db-latency', origin: 'ours' },
      summary: 'More than ten wait for a connection of the pool {{ $labels.pool }}',
      description: '{{ $value }} wait on {{ $labels.instance }}: statements are slow, or DATABASE_POOL_MAX is small.',
      fires: {
        series: { [`database_pool_connections{${job},instance="a:1",pool="api",state="waiting"}`]: '40x10' },
        at: '5m',
        labels: { instance: 'a:1', pool: 'api' },
      },
      silent: {
        series: { [`database_pool_connections{${job},instance="a:1",pool="api",state="waiting"}`]: '2x10' },
        at: '5m',
      },
    },
    {
      name: 'CallInTransaction',
      expr: `increase(waits_in_transaction_total{${job}}[1h]) > 0`,
      ...{ severity: 'SEV-3', service: 'database', runbook: 'db-latency', origin: 'ours' },
      summary: 'A call to {{ $labels.for }} was made while a database transaction was open',
      description: 'A mistake of ours: a connection is held for as long as somebody else takes.',
      fires: {
        series: { [`waits_in_transaction_total{${job},for="the edge"}`]: '0x5 1x20' },
        at: '15m',
        labels: { job: 'payments', for: 'the edge' },
      },
      silent: { series: { [`waits_in_transaction_total{${job},for="the edge"}`]: '0x30' }, at: '15m' },
    },
  ],
};

export const redisAndVault: AlertGroup = {
  name: 'redis-and-secrets',
  alerts: [
    {
      name: 'RedisHighLatency',
      expr: `histogram_quantile(0.95, sum by (le) (rate(redis_command_duration_seconds_bucket{${job}}[5m]))) > 0.005`,
      ...{ for: '10m', severity: 'SEV-2', service: 'redis', runbook: 'redis', origin: 'asked' },
      summary: 'Redis takes more than 5 ms at p95 (10m)',
      description:
        'p95 is {{ $value | humanizeDuration }}. Nothing is wrong without it: answers come from the database, quotas count by process.',
      fires: {
        series: { [redis('0.005')]: '0+50x30', [redis('0.01')]: '0+100x30', [redis('+Inf')]: '0+100x30' },
        at: '20m',
      },
      silent: {
        series: { [redis('0.005')]: '0+100x30', [redis('0.01')]: '0+100x30', [redis('+Inf')]: '0+100x30' },
        at: '20m',
      },
    },
    {
      name: 'RedisHighMemory',
      expr: 'redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.8',
      ...{
        for: '15m',
        severity: 'SEV-2',
        service: 'redis',
        runbook: 'redis',
        origin: 'asked',
        needs: 'redis_exporter',
      },
      summary: 'Redis has used more than 80 % of its memory (15m)',
      description: 'Used: {{ $value | humanizePercentage }}.',
      fires: {
        series: {
          'redis_memory_used_bytes{instance="r:1"}': '90x30',
          'redis_memory_max_bytes{instance="r:1"}': '100x30',
        },
        at: '20m',
        labels: { instance: 'r:1' },
      },
      silent: {
        series: {
          'redis_memory_used_bytes{instance="r:1"}': '90x30',
          'redis_memory_max_bytes{instance="r:1"}': '0x30',
        },
        at: '20m',
      },
    },
    {
      name: 'TLSCertExpiringSoon',
      expr: 'min by (peer, instance) (cert_expiry_seconds) < 1209600 or min by (instance) (probe_ssl_earliest_cert_expiry - time()) < 1209600',
      ...{
        for: '1h',
        severity: 'SEV-3',
        service: 'security',
        runbook: 'cert-rotation',
        origin: 'mended',
        needs: 'blackbox_exporter for the certificates that are served; those of whom we call are ours',
      },
      summary: 'The certificate of {{ $labels.peer }}, as {{ $labels.instance }} sees it, expires within 14 days',
      description: 'In {{ $value | humanizeDuration }}.',
      fires: {
        series: { 'cert_expiry_seconds{instance="a:1",peer="edge"}': '1000000x90' },
        at: '80m',
        labels: { instance: 'a:1', peer: 'edge' },
      },
      silent: { series: { 'cert_expiry_seconds{instance="a:1",peer="edge"}': '2000000x90' }, at: '80m' },
    },
    {
      name: 'TokenEndsSoon',
      expr: `min by (of) (token_expiry_seconds{${job}}) < 1209600`,
      ...{ for: '15m', severity: 'SEV-3', service: 'security', runbook: 'cert-rotation', origin: 'ours' },
      summary: 'The API token of the {{ $labels.of }} ends within 14 days',
      description: 'In {{ $value | humanizeDuration }}. Without it no event of a card is booked.',
      fires: {
        series: { [`token_expiry_seconds{${job},of="queue"}`]: '1000000x30' },
        at: '20m',
        labels: { of: 'queue' },
      },
      silent: { series: { [`token_expiry_seconds{${job},of="queue"}`]: '2000000x30' }, at: '20m' },
    },
    {
      name: 'VaultUnsealedOrSealed',
      expr: 'max by (instance) (vault_sealed) == 1 or min by (instance) (vault_active) == 0',
      ...{
        for: '5m',
        severity: 'SEV-1',
        service: 'security',
        runbook: 'vault',
        origin: 'mended',
        needs: 'a vault that secrets are read from',
      },
      summary: 'The vault {{ $labels.instance }} is sealed or not active',
      description: 'Running processes keep their secrets; none can be started.',
      fires: {
        series: { 'vault_sealed{instance="v:1"}': '1x20', 'vault_active{instance="v:1"}': '1x20' },
        at: '10m',
        labels: { instance: 'v:1' },
      },
      silent: { series: { 'vault_sealed{instance="v:1"}': '0x20', 'vault_active{instance="v:1"}': '1x20' }, at: '10m' },
    },
  ],
};
