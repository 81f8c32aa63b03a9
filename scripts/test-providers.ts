// Payment providers for tests: each with its server beside it, closed after the test that started it.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, vi } from 'vitest';
import { type BulkheadBounds, type GuardedProvider, guarded } from '../origin/providers/guarded.ts';
import type { Provider } from '../origin/providers/provider.ts';
import { createProviderMetrics, type ProviderMetrics } from '../origin/providers/provider-metrics.ts';
import { createSimulatedProvider } from '../origin/providers/simulated.ts';
import { createStripeProvider } from '../origin/providers/stripe.ts';
import { sampleSubmission } from '../origin/testing/sample-submission.ts';
import { type StandInStripe, startStandInStripe } from '../origin/testing/stand-in-stripe.ts';
import { type SimulatedProviderOptions, startSimulatedProvider } from './simulated-provider/server.ts';

/** A caller that waits for ever. */
export const never = new AbortController().signal;

/** What is put here is called after the test, the newest first. */
export function endsAfterEach(): (() => unknown)[] {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return ends;
}

export const simulated = {
  secret: `whsec_${Buffer.from('a secret of tests, 24+ bytes').toString('base64')}` as string,
  apiKey: 'key-of-the-simulated-provider',
  destination: { account: 'acc-1' },
  quick: { latency_ms_min: 0, latency_ms_max: 0, confirm_after_ms: 0 },
} as const;

export async function startSimulated(ends: (() => unknown)[], options: Partial<SimulatedProviderOptions> = {}) {
  const { apiKey, secret, quick } = simulated;
  const server = await startSimulatedProvider({ apiKey, secret, faults: quick, ...options });
  const provider = createSimulatedProvider({ url: server.url, apiKey, webhookSecrets: [secret] });
  ends.push(
    () => server.close(),
    () => provider.close?.(),
  );
  return { server, provider };
}

export const stripeSecret = 'whsec_of_the_tests';

export async function startStripe(
  ends: (() => unknown)[],
  quietMs = 0,
): Promise<{ stripe: StandInStripe; provider: Provider }> {
  const stripe = await startStandInStripe();
  const { url } = stripe;
  const provider = createStripeProvider({ apiKey: 'sk_test_1', webhookSecrets: [stripeSecret], url, quietMs });
  ends.push(
    () => stripe.close(),
    () => provider.close?.(),
  );
  return { stripe, provider };
}

/** Guards whose time is the test's, and what they count. */
export function guardsOnFakeTime() {
  const now: { registry: Registry; metrics: ProviderMetrics | null } = { registry: new Registry(), metrics: null };
  beforeEach(() => {
    now.registry = new Registry();
    now.metrics = createProviderMetrics(now.registry);
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());
  return {
    registry: () => now.registry,
    guard(provider: Provider, submissions: BulkheadBounds = { concurrencyMax: 50, queueMax: 50 }): GuardedProvider {
      if (now.metrics === null) throw new Error('a guard is made in a test');
      return guarded(provider, { metrics: now.metrics, log: pino({ level: 'silent' }), submissions });
    },
  };
}

export async function submitTimes(provider: GuardedProvider, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await provider.submit(sampleSubmission({ account: 'a' }), never);
}
