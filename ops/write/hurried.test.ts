import { expect, test } from 'vitest';
import { hurried } from './hurried.ts';
import { alertmanager, prometheus } from './routing.ts';
import { alertingRules, recordingRules } from './rules.ts';

test('every window, wait and interval is divided, and nothing else is touched', () => {
  const rule = {
    record: 'payments:x_bad:ratio_rate5m',
    expr: 'sum(rate(a_total{le="5m"}[5m])) > 7200 and b:ratio_rate5m > 1 or rate(c[10m] offset 1h) > 0 or max(d)[1h:1m]',
    for: '2m',
    labels: { severity: 'SEV-1' },
  };
  expect(hurried({ rules: [rule] }, 60)).toEqual({
    rules: [
      {
        ...rule,
        expr: 'sum(rate(a_total{le="5m"}[5000ms])) > 7200 and b:ratio_rate5m > 1 or rate(c[10000ms] offset 60000ms) > 0 or max(d)[60000ms:1000ms]',
        for: '2000ms',
      },
    ],
  });
  expect(hurried({ group_wait: '30s', repeat_interval: '2h', scrape_interval: '15s', max: 3 }, 60)).toEqual({
    ...{ group_wait: '500ms', repeat_interval: '120000ms', scrape_interval: '1000ms', max: 3 },
  });
});

test('at its own pace the catalogue is what it is; a length that cannot be read is not passed on', () => {
  expect(hurried(alertingRules(), 1)).toEqual(alertingRules());
  expect(() => hurried({ for: '2 minutes' }, 60)).toThrow('2 minutes is no length of time');
});

test('no length of the catalogue keeps its old pace', () => {
  const all = [recordingRules(), alertingRules(), prometheus(), alertmanager()];
  const text = JSON.stringify(all.map((one) => hurried(one, 60)));
  expect(text.match(/(?:\[|\[\w+:|offset |(?:for|wait|interval)":")\d+(?:[shd]|m(?!s))/g)).toBeNull();
});
