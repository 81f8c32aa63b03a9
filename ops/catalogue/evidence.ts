// What proves the past, and what removes what is over: loops that nobody would miss.

import { type AlertGroup, job } from './alert.ts';

const lag = (loop: string) => `loop_lag_seconds{${job},loop="${loop}"}`;
const proved = (of: string) => `proof_last_success_timestamp_seconds{${job},of="${of}"}`;
const failed = (of: string) => `proof_failed{${job},of="${of}"}`;
const success = (loop: string) => `loop_last_success_timestamp_seconds{${job},loop="${loop}"}`;

export const evidence: AlertGroup = {
  name: 'evidence',
  alerts: [
    {
      name: 'AuditExportBehind',
      expr: `max by (loop) (loop_lag_seconds{${job},loop="audit export"}) > 600`,
      ...{ for: '5m', severity: 'SEV-2', service: 'security', runbook: 'audit-not-proved', origin: 'ours' },
      summary: 'Events of the audit trail have not left the host for more than 10 minutes (5m)',
      description:
        'The oldest waits for {{ $value | humanizeDuration }}. Until it is there, who owns the database could change it.',
      fires: { series: { [lag('audit export')]: '0x5 900x30' }, at: '15m', labels: { loop: 'audit export' } },
      silent: { series: { [lag('audit export')]: '60x30', [lag('accrual')]: '9000x30' }, at: '15m' },
    },
    {
      name: 'SealingBehind',
      // Two samples of it: after a restart a commit may have waited for the first round.
      expr: `min_over_time((max by (loop) (loop_lag_seconds{${job},loop="sealing"}))[1m:15s]) > 10`,
      ...{ severity: 'SEV-2', service: 'security', runbook: 'audit-not-proved', origin: 'ours' },
      summary: 'What was booked and said has not been chained for {{ $value | humanizeDuration }}',
      description:
        'Until it is, who owns the database could change it unseen, and accrual does not see it: merchants are not owed what clears.',
      fires: { series: { [lag('sealing')]: '0x5 60x30' }, at: '15m', labels: { loop: 'sealing' } },
      silent: { series: { [lag('sealing')]: '0.2x30', [lag('accrual')]: '9000x30' }, at: '15m' },
    },
    {
      name: 'AuditNotWitnessed',
      expr: `time() - max by (loop) (loop_last_success_timestamp_seconds{${job},loop=~"audit checkpoints|audit export"}) > 7200`,
      ...{ severity: 'SEV-2', service: 'security', runbook: 'audit-not-proved', origin: 'ours' },
      summary: 'The loop {{ $labels.loop }} has not come through for more than 2 hours: was the past changed?',
      description: 'Its last success is {{ $value | humanizeDuration }} old.',
      fires: {
        every: 5,
        series: { [success('audit checkpoints')]: '60x60', [success('audit export')]: '0+300x60' },
        at: '125m',
        labels: { loop: 'audit checkpoints' },
      },
      silent: { every: 5, series: { [success('audit checkpoints')]: '0+300x60' }, at: '125m' },
    },
    {
      name: 'ProofFailed',
      expr: `max by (of) (proof_failed{${job}}) > 0`,
      ...{ severity: 'SEV-1', service: 'security', runbook: 'audit-not-proved', origin: 'ours' },
      summary: 'The last proof of {{ $labels.of }} found something wrong',
      description:
        'audit: rows of the audit trail or the ledger were changed, or do not continue what was witnessed. ledger: a balance is not the sum of its transfers. npm run audit -- verify says which.',
      fires: {
        series: { [failed('audit')]: '0x5 1x30', [failed('ledger')]: '0x35' },
        at: '10m',
        labels: { of: 'audit' },
      },
      silent: { series: { [failed('audit')]: '1x5 0x30', [failed('ledger')]: '0x35' }, at: '10m' },
    },
    {
      name: 'BooksNotProved',
      // A week and a day, for a proof a week; an hour's sweep has a day.
      expr: `time() - max by (of) (proof_last_success_timestamp_seconds{${job},of=~"audit|ledger"}) > 691200 or time() - max by (of) (proof_last_success_timestamp_seconds{${job},of="cards"}) > 86400`,
      ...{ for: '15m', severity: 'SEV-3', service: 'security', runbook: 'audit-not-proved', origin: 'ours' },
      summary: 'The last good proof of {{ $labels.of }} is {{ $value | humanizeDuration }} old',
      description:
        'audit, ledger: npm run audit -- verify was not run, or found something. cards: the sweep could not compare every card with its books.',
      fires: {
        every: 60,
        series: { [proved('audit')]: '0x240', [proved('ledger')]: '0+3600x240', [proved('cards')]: '0+3600x240' },
        at: '200h',
        labels: { of: 'audit' },
      },
      silent: {
        every: 60,
        series: { [proved('audit')]: '604800x240', [proved('ledger')]: '604800x240', [proved('cards')]: '0+3600x240' },
        at: '200h',
      },
      more: [
        {
          what: 'cards that could not be compared for a day',
          isFiring: true,
          ...{ every: 60, at: '30h', labels: { of: 'cards' } },
          series: { [proved('audit')]: '0x240', [proved('cards')]: '0x240' },
        },
      ],
    },
    {
      name: 'RetentionBehind',
      expr: `max by (loop) (loop_lag_seconds{${job},loop=~"retention|idempotency keys"}) > 86400 or max by (loop) (loop_lag_seconds{${job},loop="access records"}) > 300`,
      ...{ for: '15m', severity: 'SEV-3', service: 'security', runbook: 'loop-stands-still', origin: 'ours' },
      summary:
        'The loop {{ $labels.loop }} is behind: rows are kept for longer than promised, or reads are not on record',
      description: 'By {{ $value | humanizeDuration }}.',
      fires: { series: { [lag('retention')]: '90000x30' }, at: '20m', labels: { loop: 'retention' } },
      silent: { series: { [lag('retention')]: '3600x30', [lag('access records')]: '5x30' }, at: '20m' },
    },
  ],
};
