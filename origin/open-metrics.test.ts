// The metrics in both forms: the same series, with traces in one of them.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { asksForOpenMetrics, exemplars, openMetricsOf } from './open-metrics.ts';

const trace_id = '0af7651916cd43dd8448eb211c80319c';

function sampleRegistry() {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'calls_total', help: 'Calls "made"', labelNames: ['to'], registers }).inc({ to: 'a "b"' }, 2);
  new Gauge({ name: 'handles_total', help: 'A gauge that is called like a counter', registers }).set(3);
  const seconds = new Histogram<'to' | 'trace_id'>({
    ...{ name: 'call_seconds', help: 'How long', labelNames: ['to'], buckets: [0.5, 1] },
    ...exemplars,
  });
  registry.registerMetric(seconds);
  seconds.observe({ labels: { to: 'a' }, value: 0.7, exemplarLabels: { trace_id } });
  seconds.observe({ labels: { to: 'a' }, value: 0.1, exemplarLabels: {} });
  return registry;
}

const seriesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ # \{.*$/, ''));

test('a series has one name and one value in both forms, whichever was asked for before', async () => {
  const registry = sampleRegistry();
  const plain = await registry.metrics();
  const { text } = await openMetricsOf(registry);
  expect(seriesOf(text)).toEqual(seriesOf(plain));
  expect(seriesOf(text)).toContain('calls_total{to="a \\"b\\""} 2');
  expect(seriesOf(text)).toContain('handles_total 3');
  expect(await registry.metrics()).toBe(plain);
  expect((await openMetricsOf(registry)).text).toBe(text);
});

test('OpenMetrics has families without the ending, the trace of the bucket’s newest, and its end', async () => {
  const { text, type } = await openMetricsOf(sampleRegistry());
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(text).toContain('# TYPE calls counter\n');
  expect(text).toMatch(
    new RegExp(
      `^call_seconds_bucket\\{le="1",to="a"\\} 2 # \\{trace_id="${trace_id}"\\} 0\\.7 \\d{10}(?:\\.\\d+)?$`,
      'm',
    ),
  );
  expect(text.match(/ # \{/g)).toHaveLength(1);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

test.each([
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5',
    true,
  ],
  ['text/plain;version=0.0.4', false],
  ['*/*', false],
  [undefined, false],
])('Accept: %s', (accept, isOpen) => {
  expect(asksForOpenMetrics(accept)).toBe(isOpen);
});
