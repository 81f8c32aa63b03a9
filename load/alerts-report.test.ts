import { expect, test } from 'vitest';
import { phasesOf, runSecondsMin } from './alert-phases.ts';
import { brokenLaws } from './alerts-report.ts';

const load = {
  requests: 300_000,
  p50_ms: 5,
  p95_ms: 20,
  p99_ms: 50,
  max_ms: 900,
  failed_as_meant: 25_000,
  failed_otherwise: 0,
};
const phases = phasesOf(1_200);
const startOf = (name: string) => phases.find((phase) => phase.name === name)?.fromS ?? 0;
const slow = startOf('provider slow');
const away = startOf('database away');

const firing = (alert: string, from_s: number, to_s: number | null = from_s + 60) => ({
  ...{ alert, severity: 'SEV-1', from_s, to_s, told_s: from_s + 3 },
});
const primary = (from_s: number, to_s?: number | null) => firing('PaymentsHighErrorRatePrimary', from_s, to_s);
const opened = firing('PSPCircuitBreakerOpen', slow + 40);
const notOnAway = 'PaymentsHighErrorRatePrimary did not fire while the database was away';

test.each([
  ['each on its fault', [opened, primary(away + 33)], []],
  ['the primary on time-outs too', [opened, primary(slow + 25, slow + 50), primary(away + 33)], []],
  ['the primary still firing at the end', [opened, primary(away + 33, null)], []],
  ['no breaker', [primary(away + 33)], ['PSPCircuitBreakerOpen did not fire while the provider was slow']],
  ['no primary', [opened], [notOnAway]],
  ['a primary that was over before its five minutes of the fault', [opened, primary(away + 1, away + 20)], [notOnAway]],
  [
    'a primary while 1 % is dropped',
    [opened, primary(away + 33), primary(startOf('1 % dropped') + 20)],
    [`PaymentsHighErrorRatePrimary fired without 5xx or time-outs to speak of, at ${startOf('1 % dropped') + 20} s`],
  ],
])('%s', (_, alerts, broken) => {
  expect(brokenLaws(alerts, { phases, hurry: 10, load })).toEqual(broken);
});

test('real failures outside of the faults excuse the primary; a fault that made no request fail is none', () => {
  const alerts = [opened, primary(away + 33), primary(100)];
  expect(brokenLaws(alerts, { phases, hurry: 10, load: { ...load, failed_otherwise: 20_000 } })).toEqual([]);
  expect(brokenLaws(alerts.slice(0, 2), { phases, hurry: 10, load: { ...load, failed_as_meant: 0 } })).toEqual([
    'the database was away, and no request failed',
  ]);
});

test.each([runSecondsMin, 85, 600, 1_200])('%d s: a quarter rises, and every phase fits', (seconds) => {
  const all = phasesOf(seconds);
  expect(all[0].toS).toBe(Math.round(seconds / 4));
  for (const [index, { fromS, toS }] of all.entries()) {
    expect(fromS).toBe(all[index - 1]?.toS ?? 0);
    expect(toS).toBeGreaterThan(fromS);
  }
  expect(Math.abs((all.at(-1)?.toS ?? 0) - seconds)).toBeLessThanOrEqual(3);
});
