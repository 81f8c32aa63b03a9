// What Stripe's webhooks tell, and which of them are believed.

import { describe, expect, test } from 'vitest';
import { endsAfterEach, never, stripeSecret as secret, startStripe } from '../../scripts/test-providers.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { createStripeProvider } from './stripe.ts';

const transferTo = { account: 'acct_1Merchant' };
const payoutTo = { external_account: 'ba_1Bank' };

const ends = endsAfterEach();
const started = (quietMs?: number) => startStripe(ends, quietMs);

describe('webhooks', () => {
  async function moved(destination: object) {
    const { stripe, provider } = await started();
    const submission = sampleSubmission(destination);
    await provider.submit(submission, never);
    const [object] = stripe.moved;
    if (object === undefined) throw new Error('nothing was moved');
    return { stripe, provider, submission, object };
  }

  const outlasts = { rejection_outlasts: true, amount_minor: '12345', currency: 'EUR' };
  test.each([
    ['payout.paid', payoutTo, {}, { outcome: 'paid', code: null, ...outlasts }],
    ['payout.failed', payoutTo, { failure_code: 'no_account' }, { outcome: 'rejected', code: 'provider_no_account' }],
    ['payout.failed', payoutTo, {}, { outcome: 'rejected', code: 'provider_payout_failed' }],
    ['payout.failed', payoutTo, { failure_code: 7 }, { outcome: 'rejected', code: 'provider_payout_failed' }],
    ['payout.canceled', payoutTo, {}, { outcome: 'rejected', code: 'provider_payout_canceled' }],
    ['transfer.created', transferTo, {}, { outcome: 'paid', code: null, ...outlasts }],
    ['transfer.reversed', transferTo, { reversed: true }, { outcome: 'rejected', code: 'provider_transfer_reversed' }],
    ['payout.created', payoutTo, {}, null],
    ['payout.updated', payoutTo, {}, null],
  ])('%s of %j with %j', async (type, destination, changes, word) => {
    const { stripe, provider, submission, object } = await moved(destination);
    const { headers, body } = stripe.event(type, { ...object, ...changes }, secret);
    const read = provider.readWebhook(headers, body);
    const { settlement_id } = submission;
    const about = {
      webhook_id: `evt_${type}_${object.id}`,
      settlement_id,
      submission: 1,
      provider_reference: object.id,
      occurred_at_ms: expect.anything(),
    };
    expect(read).toEqual(word === null ? null : { ...about, ...word });
  });

  test.each([
    ['a payout of somebody else', 'payout.paid', { metadata: {} }],
    ['a transfer whose metadata is none', 'transfer.reversed', { metadata: 'odd' }],
    ['a type of payouts that nobody knows', 'payout.vanished', { metadata: null }],
  ])('%s is for a person, by its type', async (_, type, changes) => {
    const { stripe, provider, object } = await moved(payoutTo);
    const { headers, body } = stripe.event(type, { ...object, ...changes }, secret);
    expect(provider.readWebhook(headers, body)).toMatchObject({
      ...{ outcome: 'unread', about: type, problem: `("${type}") names no payment of ours` },
      evidence: { type, data: { object: { id: object.id } } },
    });
  });

  test.each([
    ['payout.created', { metadata: {} }],
    ['charge.succeeded', { metadata: {} }],
    ['balance.available', {}],
  ])('%s tells nothing of a settlement', async (type, changes) => {
    const { stripe, provider } = await moved(payoutTo);
    const { headers, body } = stripe.event(type, { id: 'other_1', ...changes }, secret);
    expect(provider.readWebhook(headers, body)).toBeNull();
  });

  const reversal = (id: string, amount: number) => ({ id, object: 'transfer_reversal', amount });
  test.each([
    [
      'P4: a part of a transfer reversed, with its reversals',
      { amount: 1_000, amount_reversed: 400, reversed: false, reversals: { data: [reversal('trr_1', 400)] } },
      { kind: 'return_short', provider_reference: 'trr_1', amount_minor: '400', currency: 'EUR' },
    ],
    [
      'P4: a second part: the newest reversal alone',
      { amount_reversed: 700, reversed: false, reversals: { data: [reversal('trr_2', 300), reversal('trr_1', 400)] } },
      { kind: 'return_short', provider_reference: 'trr_2', amount_minor: '300' },
    ],
    [
      'P4: without a list of reversals: the sum of them',
      { amount: 1_000, amount_reversed: 400, reversed: false },
      { kind: 'return_short', provider_reference: expect.stringMatching(/^tr_.* reversed 400$/), amount_minor: '400' },
    ],
  ])('%s', async (_, changes, word) => {
    const { stripe, provider, object } = await moved(transferTo);
    const { headers, body } = stripe.event('transfer.reversed', { ...object, ...changes }, secret);
    expect(provider.readWebhook(headers, body)).toMatchObject({ outcome: 'unclear', ...word });
  });

  test.each([
    ['payout.updated', { reversed_by: 'po_2' }, 'provider_payout_reversed'],
    ['payout.vanished', {}, 'provider_payout_vanished'],
  ])('%s with %j of ours is for a person', async (type, changes, code) => {
    const { stripe, provider, object } = await moved(payoutTo);
    const { headers, body } = stripe.event(type, { ...object, ...changes }, secret);
    const kind = 'provider_contradiction';
    expect(provider.readWebhook(headers, body)).toMatchObject({ outcome: 'unclear', kind, code });
  });

  test('signed by another, too old, changed on the way, or not signed: refused', async () => {
    const { stripe, provider, object } = await moved(payoutTo);
    const other = stripe.event('payout.paid', object, 'whsec_of_somebody_else');
    expect(() => provider.readWebhook(other.headers, other.body)).toThrow(/Signature/);
    const old = stripe.event('payout.paid', object, secret, new Date(Date.now() - 301_000));
    expect(() => provider.readWebhook(old.headers, old.body)).toThrow(/Signature/);
    const { headers, body } = stripe.event('payout.paid', object, secret);
    expect(() => provider.readWebhook(headers, `${body} `)).toThrow(/Signature/);
    expect(() => provider.readWebhook(new Headers(), body)).toThrow(/Signature/);
  });

  test('while a secret is replaced both are believed', async () => {
    const { stripe, object } = await moved(payoutTo);
    const provider = createStripeProvider({ apiKey: 'sk_test_1', webhookSecrets: ['whsec_new', secret] });
    ends.push(() => provider.close?.());
    const { headers, body } = stripe.event('payout.paid', object, secret);
    expect(provider.readWebhook(headers, body)).toMatchObject({ outcome: 'paid' });
  });
});
