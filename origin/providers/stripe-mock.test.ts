// Stripe's client against stripe-mock, Stripe's own server of its OpenAPI document: every request we make is one that Stripe
// takes, and its answers are read. It keeps nothing; what that takes is tested against the stand-in.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';
import { until } from '../../scripts/test-waiting.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import type { Provider } from './provider.ts';
import { createStripeProvider } from './stripe.ts';

const installed = resolve('.ci/bin/stripe-mock');
const stripeMock = existsSync(installed) ? installed : 'stripe-mock';
const isHere = spawnSync(stripeMock, ['-version']).error === undefined;
if (!isHere) {
  process.stderr.write(`
  ┌───────────────────────────────────────────────────────────────────────────────────────┐
  │ stripe-mock is not here: the Stripe client is NOT judged by Stripe's own server.       │
  │ GOBIN="$PWD/.ci/bin" go install github.com/stripe/stripe-mock@latest                   │
  └───────────────────────────────────────────────────────────────────────────────────────┘
`);
}

const never = new AbortController().signal;

describe.runIf(isHere)('stripe-mock', () => {
  const holder: { provider?: Provider; stop?: () => void } = {};
  const stripe = () => holder.provider as Provider;

  beforeAll(async () => {
    const port = await freePort();
    const child = spawn(stripeMock, ['-http-port', String(port)], { stdio: 'ignore' });
    holder.stop = () => child.kill();
    const url = `http://127.0.0.1:${port}`;
    const answers = () =>
      fetch(url)
        .then(() => true)
        .catch(() => false);
    await until(answers, (isUp) => isUp, 20_000);
    holder.provider = createStripeProvider({ apiKey: 'sk_test_123', webhookSecrets: [], url, quietMs: 0 });
  });
  afterAll(async () => {
    await holder.provider?.close?.();
    holder.stop?.();
  });

  test('takes a transfer to a connected account', async () => {
    const answer = await stripe().submit(sampleSubmission({ account: 'acct_1Merchant' }), never);
    expect(answer).toMatchObject({ outcome: 'paid', provider_reference: expect.stringMatching(/^tr_/) });
  });

  test.each([
    ['our own bank account', { external_account: 'ba_1Bank' }],
    ["a connected account's card", { account: 'acct_1Merchant', external_account: 'card_1Card' }],
  ])('takes a payout to %s', async (_, destination) => {
    const answer = await stripe().submit(sampleSubmission(destination), never);
    expect(answer).toMatchObject({ outcome: 'accepted', provider_reference: expect.stringMatching(/^po_/) });
  });

  test.each([
    ['transfer', { account: 'acct_1Merchant' }, 'tr_1'],
    ['payout', { external_account: 'ba_1Bank' }, 'po_1'],
  ])(
    'is asked for a %s by its id and by list; its samples are not taken for ours',
    async (_, destination, reference) => {
      const submission = sampleSubmission(destination);
      expect(await stripe().ask(submission, reference, never)).toEqual({ outcome: 'unknown', code: 'answer_differs' });
      expect(await stripe().ask(submission, null, never)).toEqual({ outcome: 'unknown', code: 'not_seen_yet' });
      expect(await stripe().ask(submission, null, never)).toEqual({ outcome: 'not_found' });
    },
  );
});
