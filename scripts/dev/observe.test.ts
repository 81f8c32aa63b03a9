import { expect, test } from 'vitest';
import { inWords } from './alert-receiver.ts';
import { readOptions } from './options.ts';

test('--observe takes three ports after the others, and a pace', () => {
  expect(readOptions([])?.observe).toBeNull();
  expect(readOptions(['--observe', '--port-base=20000'])?.observe).toEqual({
    ...{ hurry: 1, alertsTo: null },
    ports: { prometheus: 20_008, alertmanager: 20_009, alerts: 20_010 },
  });
  expect(readOptions(['--observe', '--hurry=60', '--alerts-to=http://127.0.0.1:9/x/'])?.observe).toMatchObject({
    ...{ hurry: 60, alertsTo: 'http://127.0.0.1:9/x' },
  });
});

test.each([
  [['--hurry=10'], '--hurry needs --observe'],
  [['--alerts-to=http://127.0.0.1:9'], '--alerts-to needs --observe'],
  [['--observe', '--hurry=61'], '--hurry 61 is not a whole number from 1 to 60'],
  [['--observe', '--hurry=0'], '--hurry 0 is not'],
  [['--observe', '--alerts-to=pager'], '--alerts-to pager is not a URL'],
])('%j: %s', (words, says) => {
  expect(() => readOptions(words)).toThrow(says);
});

test('an alert in one line: how bad, what, who hears of it, what to read', () => {
  const alert = {
    ...{ status: 'firing' as const, startsAt: '2026-11-27T00:00:00Z', fingerprint: 'a' },
    labels: { alertname: 'PSPCircuitBreakerOpen', severity: 'SEV-1', psp: 'simulated' },
    annotations: { summary: 'The breaker of simulated is open', runbook_url: 'ops/runbooks/provider-outage.md' },
  };
  const what = 'SEV-1 PSPCircuitBreakerOpen: The breaker of simulated is open';
  expect(inWords(alert, 'pager')).toBe(`alert ${what} (to pager; ops/runbooks/provider-outage.md)`);
  expect(inWords({ ...alert, status: 'resolved' }, 'pager')).toBe(`alert is over, ${what}`);
});
