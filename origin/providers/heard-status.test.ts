// The status of each exchange, whichever client the provider has: its own, and nobody else's that is under way beside it.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { endsAfterEach, never, simulated, startSimulated, startStripe } from '../../scripts/test-providers.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { guarded } from './guarded.ts';
import type { Provider } from './provider.ts';
import { createProviderMetrics } from './provider-metrics.ts';

const ends = endsAfterEach();

function watched(provider: Provider) {
  const registry = new Registry();
  const guard = guarded(provider, { metrics: createProviderMetrics(registry), log: pino({ level: 'silent' }) });
  return {
    guard,
    /** `outcome status`, with how often. */
    async counts(): Promise<Record<string, number>> {
      const metric = await registry.getSingleMetric('http_client_request_duration_seconds')?.get();
      const counts = (metric?.values ?? []).filter(({ labels }) => labels['le'] === '+Inf');
      return Object.fromEntries(
        counts
          .filter(({ value }) => value > 0)
          .map(({ labels, value }) => [`${labels['outcome']} ${labels['http_response_status_code']}`, value]),
      );
    },
  };
}

test('simulated: what it answered, what it refused, and an answer that was never heard', async () => {
  const { server, provider } = await startSimulated(ends);
  const { guard, counts } = watched(provider);
  await server.setFaults({ ...simulated.quick, submissions: ['too_many', 'error_before', 'reset_after'] });
  for (let one = 0; one < 3; one++) await guard.submit(sampleSubmission(simulated.destination), never);
  await server.setFaults(simulated.quick);
  await Promise.all([1, 2].map(() => guard.submit(sampleSubmission(simulated.destination), never)));
  await guard.ask(sampleSubmission(simulated.destination), null, never);
  expect(await counts()).toEqual({
    'not_taken 429': 1,
    'unknown 500': 1,
    'unknown none': 1,
    'accepted 202': 2,
    'not_found 200': 1,
  });
});

test('stripe: by its SDK', async () => {
  const { provider } = await startStripe(ends);
  const { guard, counts } = watched(provider);
  await guard.submit(sampleSubmission({ external_account: 'ba_1Bank' }), never);
  expect(await counts()).toEqual({ 'accepted 200': 1 });
});
